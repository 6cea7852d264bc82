//! URLs of RabbitMQ: never a panic, never a password shown, and a login changes nothing but who logs in.

use socketio_amqp::AmqpOptions;

use self::parts::{Parts, shows_no_password};

mod parts;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // Whatever becomes of it.
    let _ = format!("{:?}", text.parse::<AmqpOptions>());
    let Some(parts) = Parts::of(text) else { return };

    let parsed = parts.url().parse::<AmqpOptions>();
    shows_no_password(&parsed);
    if let Err(error) = parts.careless_url().parse::<AmqpOptions>() {
        shows_no_password::<(), _>(&Err(error));
    }

    // A URL with a login needs a host; without one it may be left out.
    if let (Ok(parsed), Ok(without), true) =
        (parsed, parts.url_without_login().parse::<AmqpOptions>(), parts.has_one_login())
    {
        let user = if parts.user.is_empty() { "guest" } else { parts.user };
        let user = format!("{:?}", format!("://{user}@"));
        let expected = format!("{without:?}").replacen("://guest@", user.trim_matches('"'), 1);
        assert_eq!(format!("{parsed:?}"), expected);
    }
}
