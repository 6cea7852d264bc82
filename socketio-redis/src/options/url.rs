//! URLs, with everything that they mean in python-socketio and redis-py.
//!
//! ```text
//! redis+sentinel://user:p%40ss@s1:26379,s2/0/mymaster?protocol=3
//! ^^^^^ ^^^^^^^^   ^^^^ ^^^^^^ ^^^^^^^^ ^^ ^ ^^^^^^^^ ^^^^^^^^^^
//! |     |          login       hosts       | service  options
//! |     kind of servers                    database, without a meaning here
//! redis, rediss, valkey, valkeys
//! ```
//!
//! Errors never repeat more of the URL than a name, as there may be a password in the rest.

use std::path::PathBuf;
use std::time::Duration;

use percent_encoding::percent_decode_str;

use super::tls::{Pem, Tls, TlsVerify};
use super::{Address, Login, Protocol, RedisOptions, Secret, Seen, Servers};

pub(super) fn parse(url: &str) -> Result<RedisOptions, String> {
    let (scheme, rest) =
        url.split_once("://").ok_or("it has to begin with redis://, rediss://, unix:// or their like")?;
    let scheme = scheme.to_ascii_lowercase();
    let (family, kind) = scheme.split_once('+').unwrap_or(match &*scheme {
        "unix" => ("redis", "unix"),
        family => (family, ""),
    });
    let secure = match family {
        "redis" | "valkey" => false,
        "rediss" | "valkeys" => true,
        _ => return Err(format!("unknown scheme `{scheme}`")),
    };

    if rest.contains('#') {
        return Err("a `#` has to be written as %23".into());
    }
    let (rest, query) = rest.split_once('?').unwrap_or((rest, ""));
    let (authority, path) = rest.split_once('/').unwrap_or((rest, ""));
    let (userinfo, hosts) = authority.rsplit_once('@').unwrap_or(("", authority));

    let servers = match kind {
        "" => {
            database(path)?;
            Servers::One(address(hosts, REDIS_PORT)?)
        }
        "cluster" => {
            database(path)?;
            Servers::Cluster { seeds: addresses(hosts, REDIS_PORT)?, seen: Seen::default() }
        }
        "sentinel" => {
            let (number, service) = path.split_once('/').unwrap_or((path, ""));
            database(number).map_err(|_| "what follows the Sentinels has to be /<database>/<service>")?;
            let service = Some(decoded(service)?).filter(|service| !service.is_empty());
            Servers::Sentinel {
                sentinels: addresses(hosts, SENTINEL_PORT)?,
                service,
                login: Login::default(),
            }
        }
        "unix" if !hosts.is_empty() => {
            return Err("the path of a socket is absolute: unix:///run/redis.sock".into());
        }
        "unix" if path.is_empty() => return Err("the path of the socket is missing".into()),
        "unix" if secure => return Err("there is no TLS over a Unix socket".into()),
        "unix" => Servers::One(Address::Unix(PathBuf::from(format!("/{}", decoded(path)?)))),
        _ => return Err(format!("unknown scheme `{scheme}`")),
    };

    let mut options = RedisOptions::to(servers);
    options.tls = secure.then(Tls::default);
    let (mut certificate, mut key) = (None, None);
    for (name, value) in query
        .split('&')
        .filter(|pair| !pair.is_empty())
        .map(|pair| pair.split_once('=').unwrap_or((pair, "")))
    {
        let value = decoded(&value.replace('+', " "))?;
        match name {
            "username" => options.login.user = Some(value),
            "password" => options.login.password = Some(Secret::new(value)),
            "db" => database(&value)?,
            "protocol" => {
                options.protocol = match &*value {
                    "2" | "resp2" => Protocol::Resp2,
                    "3" | "resp3" => Protocol::Resp3,
                    _ => return Err("protocol is 2 or 3".into()),
                }
            }
            "socket_connect_timeout" => options.connect_timeout = seconds(name, &value)?,
            "socket_timeout" => options.publish_timeout = seconds(name, &value)?,
            _ if name.starts_with("ssl_") && options.tls.is_none() => {
                return Err("options that begin with ssl_ are for rediss:// and its like".into());
            }
            "ssl_ca_certs" => options.tls_mut().ca = Some(Pem::File(value.into())),
            "ssl_certfile" => certificate = Some(Pem::File(value.into())),
            "ssl_keyfile" => key = Some(Pem::File(value.into())),
            "ssl_check_hostname" if is_false(&value) => {
                let verify = &mut options.tls_mut().verify;
                *verify = if *verify == TlsVerify::Full { TlsVerify::Chain } else { *verify };
            }
            "ssl_check_hostname" => {}
            "ssl_cert_reqs" => match &*value.to_ascii_lowercase() {
                "none" => options.tls_mut().verify = TlsVerify::Nothing,
                "required" | "optional" => {}
                _ => return Err("ssl_cert_reqs is `required` or `none`".into()),
            },
            _ if OF_PYTHON_ALONE.contains(&name) => {}
            // Then the name may be a piece of a password with a `?` in it.
            _ if query.contains('@') => {
                return Err("unknown option, or a `?` that has to be written as %3F".into());
            }
            _ => return Err(format!("unknown option `{name}`")),
        }
    }
    match (certificate, key) {
        (Some(certificate), Some(key)) => options.tls_mut().identity = Some((certificate, key)),
        (None, None) => {}
        _ => return Err("ssl_certfile and ssl_keyfile go together".into()),
    }

    // What stands before the hosts wins over the options, as in redis-py.
    let (user, password) = match userinfo.split_once(':') {
        Some((user, password)) => (user, Some(password)),
        None => (userinfo, None),
    };
    if !user.is_empty() {
        options.login.user = Some(decoded(user)?);
    }
    if let Some(password) = password {
        options.login.password = Some(Secret::new(decoded(password)?));
    }
    Ok(options)
}

fn addresses(hosts: &str, port: u16) -> Result<Vec<Address>, String> {
    hosts.split(',').map(|host| address(host, port)).collect()
}

/// `host`, `host:port`, `[::1]`, `[::1]:port`; without a host, this one.
fn address(host: &str, default_port: u16) -> Result<Address, String> {
    let (host, port) = match host.strip_prefix('[') {
        Some(v6) => v6.split_once(']').ok_or("`]` is missing behind an IPv6 address")?,
        None => host.split_at(host.find(':').unwrap_or(host.len())),
    };
    let port = match port.strip_prefix(':') {
        Some(number) => number.parse().map_err(|_| "the port is no number up to 65535")?,
        None if port.is_empty() => default_port,
        None => return Err("the host is followed by something other than a port".into()),
    };
    if host.contains(',') {
        return Err("several hosts are for redis+sentinel:// and redis+cluster://".into());
    }
    let host = if host.is_empty() { "localhost".to_owned() } else { decoded(host)? };
    Ok(Address::Tcp(host, port))
}

/// A number or nothing; which one does not matter, as channels belong to no database.
fn database(path: &str) -> Result<(), String> {
    let number = path.trim_matches('/');
    if number.is_empty() || number.parse::<u32>().is_ok() {
        return Ok(());
    }
    Err("what follows the host is no number of a database".into())
}

fn seconds(name: &str, value: &str) -> Result<Duration, String> {
    let seconds = value.parse().ok().and_then(|seconds| Duration::try_from_secs_f64(seconds).ok());
    seconds.filter(|time| !time.is_zero()).ok_or_else(|| format!("{name} is a number of seconds"))
}

fn is_false(value: &str) -> bool {
    ["0", "f", "false", "n", "no"].contains(&&*value.to_ascii_lowercase())
}

fn decoded(text: &str) -> Result<String, String> {
    let text = percent_decode_str(text).decode_utf8().map_err(|_| "something in it is not UTF-8")?;
    Ok(text.into_owned())
}

const REDIS_PORT: u16 = 6379;
const SENTINEL_PORT: u16 = 26379;

/// Options of redis-py that tune redis-py.
const OF_PYTHON_ALONE: [&str; 13] = [
    "client_name",
    "decode_responses",
    "encoding",
    "encoding_errors",
    "health_check_interval",
    "lib_name",
    "lib_version",
    "max_connections",
    "retry_on_error",
    "retry_on_timeout",
    "socket_keepalive",
    "socket_read_size",
    "timeout",
];
