//! gzip and deflate of polling answers, for clients that ask.
//!
//! `deflate` is the zlib format (RFC 1950) around deflate, as RFC 9110 says, and not bare deflate.

use std::io::Write as _;

use flate2::Compression;
use flate2::write::{GzEncoder, ZlibEncoder};
use http::HeaderValue;

/// Compresses `body` if it has `threshold` bytes or more, the client accepts it, and it gets smaller.
///
/// With a compressed body comes the value of `Content-Encoding`. The answer depends on `Accept-Encoding`, so it needs `Vary` either way.
pub(crate) fn compress(
    body: Vec<u8>,
    accept_encoding: Option<&HeaderValue>,
    threshold: usize,
) -> (Vec<u8>, Option<&'static str>) {
    if body.len() < threshold {
        return (body, None);
    }
    let accepted = accept_encoding
        .and_then(|header| header.to_str().ok())
        .and_then(|accept| Encoding::choose(accept, false));
    let Some(encoding) = accepted else {
        return (body, None);
    };
    let compressed = encoding.encode(&body);
    if !compressed.is_empty() && compressed.len() < body.len() {
        (compressed, Some(encoding.name()))
    } else {
        (body, None)
    }
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Encoding {
    /// Which is prepared, never made here.
    Brotli,
    Gzip,
    Deflate,
}

impl Encoding {
    /// The encoding with the highest weight; brotli, if there is one, before gzip before deflate, and all before none, where weights
    /// are equal.
    pub(crate) fn choose(accept: &str, has_brotli: bool) -> Option<Encoding> {
        let weight = |names: &[&str]| {
            let mut weights = accept.split(',').filter_map(|item| {
                let (name, parameters) = item.split_once(';').unwrap_or((item, ""));
                names
                    .iter()
                    .any(|wanted| name.trim().eq_ignore_ascii_case(wanted))
                    .then(|| quality(parameters))
            });
            weights.next()
        };
        let others = weight(&["*"]).unwrap_or(0);
        let gzip = weight(&["gzip", "x-gzip"]).unwrap_or(others);
        let deflate = weight(&["deflate"]).unwrap_or(others);
        let brotli = if has_brotli { weight(&["br"]).unwrap_or(others) } else { 0 };
        let plain = weight(&["identity"]).unwrap_or(0);
        let best = brotli.max(gzip).max(deflate);
        if best == 0 || plain > best {
            return None;
        }
        Some(if brotli == best {
            Encoding::Brotli
        } else if gzip == best {
            Encoding::Gzip
        } else {
            Encoding::Deflate
        })
    }

    pub(crate) fn name(self) -> &'static str {
        match self {
            Encoding::Brotli => "br",
            Encoding::Gzip => "gzip",
            Encoding::Deflate => "deflate",
        }
    }

    /// The body in this encoding; nothing where that cannot be made.
    pub(crate) fn encode(self, body: &[u8]) -> Vec<u8> {
        let out = Vec::with_capacity(body.len() / 4);
        let encoded = match self {
            Encoding::Brotli => return Vec::new(),
            Encoding::Gzip => {
                let mut encoder = GzEncoder::new(out, LEVEL);
                encoder.write_all(body).and_then(|()| encoder.finish())
            }
            Encoding::Deflate => {
                let mut encoder = ZlibEncoder::new(out, LEVEL);
                encoder.write_all(body).and_then(|()| encoder.finish())
            }
        };
        // Writing into memory does not fail.
        encoded.unwrap_or_default()
    }
}

/// The weight among an item's parameters, in thousandths: `q=0.5` is 500, none is 1000, nonsense is 0.
fn quality(parameters: &str) -> u16 {
    let named = |parameter: &str| {
        let (name, value) = parameter.split_once('=')?;
        name.trim().eq_ignore_ascii_case("q").then(|| value.trim().parse::<f32>().unwrap_or(0.0))
    };
    let quality = parameters.split(';').find_map(named).unwrap_or(1.0);
    // Out of range and NaN saturate.
    (quality.clamp(0.0, 1.0) * 1000.0) as u16
}

/// Text shrinks nearly as much as with the default, at a third of its time.
const LEVEL: Compression = Compression::fast();

#[cfg(test)]
mod tests {
    use std::io::Read as _;

    use flate2::read::{GzDecoder, ZlibDecoder};

    use super::*;

    #[test]
    fn weights_choose_the_encoding() {
        for (accept, chosen) in [
            ("gzip", Some(Encoding::Gzip)),
            ("deflate", Some(Encoding::Deflate)),
            ("gzip, deflate, br", Some(Encoding::Gzip)),
            ("deflate, gzip", Some(Encoding::Gzip)),
            ("gzip;q=0.5, deflate", Some(Encoding::Deflate)),
            ("gzip;q=0, deflate;q=0.1", Some(Encoding::Deflate)),
            ("GZIP ; Q=0.3", Some(Encoding::Gzip)),
            ("x-gzip", Some(Encoding::Gzip)),
            ("*", Some(Encoding::Gzip)),
            ("*;q=0.5, gzip;q=0", Some(Encoding::Deflate)),
            ("identity, *;q=0", None),
            ("identity, gzip;q=0.5", None),
            ("identity;q=0.5, gzip", Some(Encoding::Gzip)),
            ("gzip;q=0", None),
            ("gzip;q=0.000", None),
            ("gzip;q=banana", None),
            ("gzip;q=NaN", None),
            ("gzip;q=-1", None),
            ("gzip;q=1e30", Some(Encoding::Gzip)),
            ("br, zstd", None),
            ("", None),
            (",;,;;q=,=", None),
        ] {
            assert_eq!(Encoding::choose(accept, false), chosen, "{accept}");
        }
    }

    #[test]
    fn gzip_is_what_it_says() {
        let (body, encoding) = with("gzip");
        assert_eq!(encoding, Some("gzip"));
        let mut plain = Vec::new();
        GzDecoder::new(&body[..]).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, text());
    }

    #[test]
    fn deflate_is_zlib() {
        let (body, encoding) = with("deflate");
        assert_eq!(encoding, Some("deflate"));
        let mut plain = Vec::new();
        ZlibDecoder::new(&body[..]).read_to_end(&mut plain).unwrap();
        assert_eq!(plain, text());
    }

    #[test]
    fn small_bodies_stay_as_they_are() {
        let header = HeaderValue::from_static("gzip");
        let (body, encoding) = compress(vec![b'a'; 1023], Some(&header), 1024);
        assert_eq!((body.len(), encoding), (1023, None));
        let (_, encoding) = compress(vec![b'a'; 1024], Some(&header), 1024);
        assert_eq!(encoding, Some("gzip"), "from the threshold up");
    }

    #[test]
    fn nobody_gets_what_he_did_not_ask_for() {
        assert_eq!(compress(text(), None, 0), (text(), None));
        assert_eq!(with("br").1, None);
        let no_text = HeaderValue::from_bytes(b"gzip\xff").unwrap();
        assert_eq!(compress(text(), Some(&no_text), 0).1, None);
    }

    #[test]
    fn what_does_not_shrink_stays_as_it_is() {
        let noise: Vec<u8> = (0..2048_u32).map(|n| (n.wrapping_mul(2_654_435_761) >> 23) as u8).collect();
        let header = HeaderValue::from_static("gzip");
        let (body, encoding) = compress(noise.clone(), Some(&header), 1024);
        assert!(encoding.is_some() || body == noise);
        assert!(body.len() <= noise.len());
        assert_eq!(compress(vec![7], Some(&header), 0), (vec![7], None));
    }

    fn with(accept: &'static str) -> (Vec<u8>, Option<&'static str>) {
        compress(text(), Some(&HeaderValue::from_static(accept)), 1024)
    }

    fn text() -> Vec<u8> {
        br#"42["say",{"room":"lobby","text":"hello"}]"#.repeat(100)
    }
}
