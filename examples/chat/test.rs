use super::*;
use socketio_core::testing::{Client, TestError};

#[tokio::test]
async fn what_ada_says_is_heard_by_bob_and_she_learns_by_how_many() -> Result<(), TestError> {
    let io = chat(Server::builder()).expect("the options are right");
    let seat = |name: &str| Seat { name: name.to_owned(), room: "lobby".to_owned() };
    let mut ada = Client::builder(&io).auth(seat("Ada")).connect().await?;
    let mut bob = Client::builder(&io).auth(seat("Bob")).connect().await?;
    assert_eq!(ada.receive::<String>("joined").await?, "Bob");

    assert_eq!(ada.emit_with_ack::<u64>("say", "hello").await?, 1);
    assert_eq!(bob.receive::<(String, String)>("say").await?, ("Ada".into(), "hello".into()));

    let nobody = Client::builder(&io).auth(seat("")).connect().await.unwrap_err();
    assert!(nobody.to_string().contains("1 to 24 characters"));
    bob.disconnect().await?;
    assert_eq!(ada.receive::<String>("left").await?, "Bob");
    Ok(())
}
