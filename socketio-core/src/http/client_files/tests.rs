use std::path::PathBuf;

use http::Request;

use super::*;

/// A folder of the test's own.
fn folder(test: &str) -> PathBuf {
    let folder = std::env::temp_dir().join(format!("socketio-client-files-{}-{test}", std::process::id()));
    std::fs::create_dir_all(&folder).unwrap();
    folder
}

fn filled(test: &str) -> (PathBuf, ClientFiles) {
    let folder = folder(test);
    let bundle = format!("/*!\n * Socket.IO v4.8.4\n */\n{}", "let a = 1;".repeat(100));
    std::fs::write(folder.join("socket.io.js"), &bundle).unwrap();
    std::fs::write(folder.join("socket.io.js.br"), "brotli").unwrap();
    std::fs::write(folder.join("socket.io.js.map"), "{}").unwrap();
    std::fs::write(folder.join("secret.txt"), "secret").unwrap();
    let files = ClientFiles::read(&folder).unwrap();
    (folder, files)
}

fn ask(files: &ClientFiles, method: &str, target: &str, headers: &[(&str, &str)]) -> Option<Response<Body>> {
    let mut request = Request::builder().method(method).uri(target);
    for (name, value) in headers {
        request = request.header(*name, *value);
    }
    files.answer(&PathRule::default(), &request.body(()).unwrap().into_parts().0)
}

fn get(files: &ClientFiles, headers: &[(&str, &str)]) -> Response<Body> {
    ask(files, "GET", "/socket.io/socket.io.js?t=1", headers).expect("a file")
}

fn header<'a>(response: &'a Response<Body>, name: &str) -> Option<&'a str> {
    response.headers().get(name).map(|value| value.to_str().unwrap())
}

#[test]
fn a_file_has_nodes_headers() {
    let (_, files) = filled("headers");
    let response = get(&files, &[]);
    assert_eq!(response.status(), StatusCode::OK);
    assert_eq!(header(&response, "content-type"), Some("application/javascript; charset=utf-8"));
    assert_eq!(header(&response, "cache-control"), Some("public, max-age=0"));
    assert_eq!(header(&response, "etag"), Some("\"4.8.4\""));
    assert_eq!(header(&response, "content-encoding"), None);
    let map = ask(&files, "GET", "/socket.io/socket.io.js.map", &[]).unwrap();
    assert_eq!(header(&map, "content-type"), Some("application/json; charset=utf-8"));
}

#[test]
fn who_has_the_version_is_told_so() {
    let (_, files) = filled("etag");
    for tag in ["\"4.8.4\"", "W/\"4.8.4\"", "\"4.8.3\", \"4.8.4\"", "*"] {
        let response = get(&files, &[("if-none-match", tag)]);
        assert_eq!(response.status(), StatusCode::NOT_MODIFIED, "{tag}");
        assert_eq!(header(&response, "etag"), Some("\"4.8.4\""));
    }
    for tag in ["\"4.8.3\"", "4.8.4", ""] {
        assert_eq!(get(&files, &[("if-none-match", tag)]).status(), StatusCode::OK, "{tag}");
    }
}

#[test]
fn the_best_encoding_that_is_accepted_is_sent() {
    let (_, files) = filled("encodings");
    for (accept, encoding) in [
        ("gzip, deflate, br", Some("br")),
        ("gzip, deflate, br;q=0.5", Some("gzip")),
        ("gzip, deflate", Some("gzip")),
        ("deflate", Some("deflate")),
        ("zstd", None),
        ("", None),
    ] {
        let response = get(&files, &[("accept-encoding", accept)]);
        assert_eq!(header(&response, "content-encoding"), encoding, "{accept}");
        assert_eq!(header(&response, "vary"), Some("Accept-Encoding"));
    }
    // There is no brotli beside the map.
    let map =
        ask(&files, "GET", "/socket.io/socket.io.js.map", &[("accept-encoding", "br, gzip;q=0.1")]).unwrap();
    assert_eq!(header(&map, "content-encoding"), Some("gzip"));
}

#[test]
fn nothing_but_the_known_names_is_a_file() {
    let (folder, files) = filled("names");
    for target in [
        "/socket.io/secret.txt",
        "/socket.io/socket.io.js.br",
        "/socket.io/socket.io.min.js",
        "/socket.io/",
        "/socket.io",
        "/socket.io/../secret.txt",
        "/socket.io/./socket.io.js",
        "/socket.io/..%2fsecret.txt",
        "/socket.io/%2e%2e/secret.txt",
        "/socket.io//socket.io.js",
        "/socket.io/socket.io.js/",
        "/socket.io/socket.io.js%00",
        "/socket.io/SOCKET.IO.JS",
        "/socket.io.js",
        "/other/socket.io.js",
        &format!("/socket.io/{}", folder.join("secret.txt").display()),
    ] {
        assert!(ask(&files, "GET", target, &[]).is_none(), "{target}");
    }
    assert!(ask(&files, "POST", "/socket.io/socket.io.js", &[]).is_none());
    assert!(ask(&files, "HEAD", "/socket.io/socket.io.js", &[]).is_some());
}

#[test]
fn a_folder_without_a_bundle_is_refused_and_a_version_that_is_not_told_is_a_digest() {
    let empty = folder("empty");
    let error = ClientFiles::read(&empty).unwrap_err();
    assert!(error.contains("socket.io.min.js"), "{error}");
    assert!(ClientFiles::read(&empty.join("missing")).is_err());
    std::fs::write(empty.join("socket.io.min.js"), "short").unwrap();
    let etag = ClientFiles::read(&empty).unwrap().etag;
    assert_eq!(etag.len(), 22, "{etag:?}");
}
