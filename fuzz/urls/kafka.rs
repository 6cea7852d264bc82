//! URLs of Kafka: never a panic, never a password shown, and a login in the URL means what the setters mean.

use socketio_kafka::{KafkaOptions, Sasl};

use self::parts::{Parts, SECRET, shows_no_password};

mod parts;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // Whatever becomes of it.
    let _ = format!("{:?}", KafkaOptions::new(text));
    let Some(parts) = Parts::of(text) else { return };

    let parsed = KafkaOptions::new(&parts.url());
    shows_no_password(&parsed);
    if let Err(error) = KafkaOptions::new(&parts.careless_url()) {
        shows_no_password::<(), _>(&Err(error));
    }
    let more = if parts.rest.contains('?') { '&' } else { '?' };
    for setting in ["sasl.password", "ssl.key.password", "ssl.key.pem", "sasl.oauthbearer.client.secret"] {
        let url = format!("{}{more}{setting}={SECRET}", parts.url_without_login());
        shows_no_password(&KafkaOptions::new(&url));
    }

    if let (Ok(without), true) = (KafkaOptions::new(&parts.url_without_login()), parts.has_one_login()) {
        let parsed = format!("{:?}", parsed.expect("what is a URL without a login is one with it"));
        // Behind a `?` there may be another login, which wins over the first.
        if !format!("{without:?}").contains("sasl.") {
            let set = without.credentials(Sasl::Plain, parts.user, parts.password());
            assert_eq!(parsed, format!("{set:?}"));
        }
    }
}
