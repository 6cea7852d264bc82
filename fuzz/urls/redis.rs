//! URLs of Redis: never a panic, never a password shown, and a login in the URL means what the setters mean.

use socketio_redis::RedisOptions;

use self::parts::{Parts, SECRET, shows_no_password};

mod parts;

pub(crate) fn run(data: &[u8]) {
    let Ok(text) = std::str::from_utf8(data) else { return };
    // Whatever becomes of it.
    let _ = format!("{:?}", RedisOptions::new(text));
    let Some(parts) = Parts::of(text) else { return };

    let parsed = RedisOptions::new(&parts.url());
    shows_no_password(&parsed);
    if let Err(error) = RedisOptions::new(&parts.careless_url()) {
        shows_no_password::<(), _>(&Err(error));
    }
    let more = if parts.rest.contains('?') { '&' } else { '?' };
    shows_no_password(&RedisOptions::new(&format!("{}{more}password={SECRET}", parts.url_without_login())));

    if let (Ok(without), true) = (RedisOptions::new(&parts.url_without_login()), parts.has_one_login()) {
        let set = without.password(parts.password());
        let set = if parts.user.is_empty() { set } else { set.user(parts.user) };
        let parsed = parsed.expect("what is a URL without a login is one with it");
        assert_eq!(format!("{parsed:?}"), format!("{set:?}"));
    }
}
