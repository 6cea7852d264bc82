//! One event after the other: who starts the next one.

use std::sync::{Arc, Mutex};

use ::http::StatusCode;
use shuttle::future::{block_on, yield_now};

use crate::client::Client;
use crate::sync::settle;
use crate::{Data, Server};

pub(crate) fn an_event_that_comes_as_a_handler_ends_is_started_by_one_of_them() {
    let server = Server::builder().async_handlers(false).build().unwrap();
    let heard: Arc<Mutex<Vec<u64>>> = Arc::default();
    let hearing = heard.clone();
    server.on("up", move |Data(number): Data<u64>| {
        let heard = hearing.clone();
        async move {
            // Some have to wait, which makes those behind them wait.
            if number % 3 != 2 {
                yield_now().await;
            }
            heard.lock().unwrap().push(number);
        }
    });
    block_on(async {
        let client = Client::connect(&server).await;
        for body in ["42[\"up\",0]", "42[\"up\",1]\u{1e}42[\"up\",2]", "42[\"up\",3]"] {
            assert_eq!(client.post(body).await.0, StatusCode::OK);
        }
        settle().await;
    });
    assert_eq!(*heard.lock().unwrap(), [0, 1, 2, 3]);
    assert_eq!(server.counters().handlers_running, 0);
}
