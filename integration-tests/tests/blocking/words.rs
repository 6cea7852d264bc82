//! Words that wait, and who may say them.

use std::thread;
use std::time::Duration;

use integration_tests::wait::{DEADLINE, within};
use socketio_core::HandlerError;
use socketio_core::adapter::Reply;
use socketio_core::blocking::{Server, Socket};
use socketio_core::server::{AckError, BuildError};

use crate::{joined, serve};

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_callback_is_called_once_for_each_client_of_a_broadcast_and_may_block() {
    let (sender, mut called) = tokio::sync::mpsc::unbounded_channel();
    let server = serve(Server::builder(), |io| {
        let all = io.clone();
        io.on("ask all", move || -> Result<(), HandlerError> {
            let (sender, everybody) = (sender.clone(), all.local());
            Ok(everybody.emit_with_callback("number", (), Duration::from_secs(4), move |(_, answer)| {
                thread::sleep(Duration::from_millis(5));
                sender.send(Result::<u64, AckError>::ok(answer)).unwrap();
            })?)
        });
    });
    let mut clients = Vec::new();
    for _ in 0..3 {
        clients.push(joined(server.port).await);
    }
    clients[0].send(r#"421["ask all"]"#).await;
    let mut answers = Vec::new();
    for (number, client) in clients.iter_mut().enumerate() {
        let mut question = client.next().await;
        if question.starts_with("431") {
            question = client.next().await;
        }
        let id = question.strip_prefix("42").and_then(|rest| rest.strip_suffix(r#"["number"]"#)).unwrap();
        // The last one does not answer.
        if number < 2 {
            client.send(&format!("43{id}[{number}]")).await;
            answers.push(within("a callback", called.recv()).await.unwrap());
        }
    }
    assert_eq!(answers, [Some(0), Some(1)]);
    assert_eq!(within("the callback of who is silent", called.recv()).await, Some(None));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_thread_of_the_program_asks_gathers_and_hears_of_the_end() {
    let server = Server::builder().build().unwrap();
    let running = integration_tests::running::Running::start_blocking(server.clone());
    let mut client = joined(running.port).await;
    let (say, mut said) = tokio::sync::mpsc::unbounded_channel();
    let program = thread::spawn(move || {
        let socket = server.sockets().remove(0);
        say.send(socket.call::<u64>("one", (), DEADLINE).unwrap()).unwrap();
        let all = server.timeout(DEADLINE).emit_with_ack::<u64>("all", ()).unwrap();
        say.send(all.answers[0].1).unwrap();
        let each = server.timeout(DEADLINE).ask("each", ()).unwrap();
        let answers = each.filter(|reply| matches!(reply, Reply::Ack { .. })).count();
        say.send(answers as u64).unwrap();
        say.send(server.fetch_sockets().unwrap().items[0].rooms().len() as u64).unwrap();
        say.send(server.rooms().unwrap().items.len() as u64).unwrap();
        let sid = socket.id().clone();
        say.send(server.call::<u64>(sid, "by id", (), DEADLINE).unwrap()).unwrap();
        let too_late = socket.call::<u64>("silence", (), Duration::from_millis(50));
        assert!(matches!(too_late, Err(AckError::Timeout(_))));
        assert!(!server.closing(Duration::from_millis(1)));
        say.send(0).unwrap();
        socket.closed();
        assert!(server.closing(DEADLINE));
    });
    for (event, answer) in [("one", 1), ("all", 2), ("each", 3), ("by id", 4)] {
        let question = client.next().await;
        let id = question.strip_prefix("42").and_then(|rest| rest.strip_suffix(&format!(r#"["{event}"]"#)));
        let id = id.unwrap_or_else(|| panic!("no {event} but {question}"));
        client.send(&format!("43{id}[{answer}]")).await;
    }
    assert!(client.next().await.ends_with(r#"["silence"]"#));
    for expected in [1, 2, 1, 1, 0, 4, 0] {
        assert_eq!(within("the program's thread", said.recv()).await, Some(expected));
    }
    drop(client);
    running.stop().await;
    let program = tokio::task::spawn_blocking(move || program.join());
    within("the program's thread", program).await.unwrap().expect("it has seen what it expected");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn inside_an_async_runtime_words_that_wait_say_that_they_must_not_and_send_nothing() {
    let io = Server::builder().build().unwrap();
    let running = integration_tests::running::Running::start_blocking(io.clone());
    let mut client = joined(running.port).await;
    let socket = io.sockets().remove(0);
    let said: Vec<Box<dyn FnOnce() + Send>> = vec![
        Box::new({
            let socket = socket.clone();
            move || drop(socket.call::<u64>("question", (), DEADLINE))
        }),
        Box::new({
            let io = io.clone();
            move || drop(io.timeout(DEADLINE).emit_with_ack::<u64>("question", ()))
        }),
        Box::new({
            let (io, sid) = (io.clone(), socket.id().clone());
            move || drop(io.call::<u64>(sid, "question", (), DEADLINE))
        }),
        Box::new({
            let io = io.clone();
            move || drop(io.fetch_sockets())
        }),
        Box::new({
            let io = io.clone();
            move || drop(io.serve("127.0.0.1:0"))
        }),
        Box::new({
            let io = io.clone();
            move || {
                io.close();
            }
        }),
        Box::new(move || socket.closed()),
    ];
    for word in said {
        let panicked = tokio::spawn(async move { word() }).await.unwrap_err();
        let panic = panicked.into_panic();
        let message = panic.downcast_ref::<String>().map(String::as_str);
        let message = message.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or_default();
        assert!(message.contains("Cannot block the current thread from within a runtime"), "{message}");
    }
    // The others may be said, and nothing was sent before.
    io.emit("news", ()).unwrap();
    assert_eq!(client.next().await, r#"42["news"]"#);
    let io = tokio::task::spawn_blocking(move || {
        io.fetch_sockets().unwrap();
        io
    });
    drop(io.await.unwrap());
    running.stop().await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn a_handler_may_close_the_server_and_then_serve_returns() {
    let io = Server::builder().build().unwrap();
    let closing = io.clone();
    io.on("close", move || closing.close().undelivered);
    io.on_disconnect(|_: Socket| thread::sleep(Duration::from_millis(20)));
    let listener = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = listener.local_addr().unwrap().port();
    let serving = tokio::task::spawn_blocking(move || io.serve(listener));
    let mut client = joined(port).await;
    client.send(r#"42["close"]"#).await;
    assert_eq!(client.ended().await, [""; 0]);
    let drained = within("serve to return", serving).await.unwrap().unwrap();
    assert_eq!((drained.undelivered, drained.cut), (0, 0));
}

#[test]
fn a_server_is_made_outside_every_runtime_and_says_which_option_is_wrong() {
    let error = Server::builder().worker_threads(0).build().unwrap_err();
    assert!(matches!(error, BuildError::Option { option: "worker_threads", .. }), "{error}");
    let error = Server::builder().threads(0).build().unwrap_err();
    assert!(error.to_string().contains("max_blocking_handlers"), "{error}");
    let io = Server::builder().build().unwrap();
    let error = io.serve("no port").unwrap_err();
    assert_eq!(error.to_string(), "cannot listen");
    assert_eq!(io.count(), 0);
}
