//! The guide's cases, and what HTTP asks of files.

use std::fs::File;
use std::time::{Duration, SystemTime};

use integration_tests::client::Client;
use integration_tests::http::{self, Http, Response};
use integration_tests::log::Log;
use integration_tests::program::{Program, behind};
use integration_tests::running::Running;
use integration_tests::wait::{until, within};
use socketio_core::http::{App, StaticFile};
use socketio_core::{Server, StaticFiles};
use tokio::io::AsyncReadExt as _;
use tokio::process::Command;
use tracing::Level;

use crate::folder::Folder;

async fn serve(files: impl Into<StaticFiles>) -> Running {
    let io = Server::builder().build().unwrap();
    Running::start_app(App::new(&io).static_files(files), io).await
}

async fn get(server: &Running, path: &str, headers: &[(&str, &str)]) -> Response {
    http::request(server.port, "GET", path, headers, b"").await
}

/// Status, text, content type.
async fn told(server: &Running, path: &str) -> (u16, String, String) {
    let answer = get(server, path, &[]).await;
    let content_type = answer.header("content-type").unwrap_or_default().to_owned();
    (answer.status, String::from_utf8(answer.body).unwrap(), content_type)
}

fn ok(text: &str, content_type: &str) -> (u16, String, String) {
    (200, text.into(), content_type.into())
}

/// `latency.html` and the folder `public`.
fn guides_folder() -> Folder {
    let folder = Folder::new();
    folder.file("latency.html", "latency");
    folder.file("static/style.css", "style");
    for name in
        ["index.html", "css/styles.css", "css/index.html", "image.gif", "css/image.gif", "none", "a.b"]
    {
        folder.file(&format!("public/{name}"), name);
    }
    folder
}

#[tokio::test]
async fn files_and_folders_are_served_as_the_guide_has_it() {
    let folder = guides_folder();
    let server = serve([
        ("/", folder.path("latency.html")),
        ("/static/style.css", folder.path("static/style.css")),
        ("/static", folder.path("public")),
    ])
    .await;
    assert_eq!(told(&server, "/").await, ok("latency", "text/html"));
    assert_eq!(told(&server, "/?x").await, ok("latency", "text/html"));
    assert_eq!(told(&server, "/static/style.css").await, ok("style", "text/css"), "before the folder's");
    assert_eq!(told(&server, "/static/index.html").await, ok("index.html", "text/html"));
    assert_eq!(told(&server, "/static/css/styles.css").await, ok("css/styles.css", "text/css"));
    assert_eq!(told(&server, "/static/").await, ok("index.html", "text/html"));
    assert_eq!(told(&server, "/static/css/").await, ok("css/index.html", "text/html"));
    assert_eq!(told(&server, "/static/none").await, ok("none", "application/octet-stream"));
    assert_eq!(told(&server, "/static/a.b").await, ok("a.b", "application/octet-stream"));
    for missing in
        ["/static", "/static/css", "/static/missing", "/latency.html", "/static/none/", "/static/none/x"]
    {
        assert_eq!(told(&server, missing).await.0, 404, "{missing}");
    }
}

#[tokio::test]
async fn types_and_the_name_for_a_slash_can_be_given() {
    let folder = guides_folder();
    let files = StaticFiles::new()
        .rule("/", StaticFile::new(folder.path("latency.html")).content_type("text/plain"))
        .rule("/static", folder.path("public"))
        .rule("", "image.gif");
    let server = serve(files.clone()).await;
    assert_eq!(told(&server, "/").await, ok("latency", "text/plain"));
    assert_eq!(told(&server, "/static/").await, ok("image.gif", "image/gif"));
    assert_eq!(told(&server, "/static/css/").await, ok("css/image.gif", "image/gif"));

    let server = serve(files.rule("", StaticFile::new("image.gif").content_type("text/plain"))).await;
    assert_eq!(told(&server, "/static/").await, ok("image.gif", "text/plain"));
    assert_eq!(told(&server, "/static/image.gif").await, ok("image.gif", "image/gif"));
}

#[tokio::test]
async fn a_folder_may_be_the_root() {
    let folder = guides_folder();
    let server = serve([("/", folder.path("public"))]).await;
    assert_eq!(told(&server, "/").await, ok("index.html", "text/html"));
    assert_eq!(told(&server, "/css/styles.css").await, ok("css/styles.css", "text/css"));
}

#[tokio::test]
async fn a_relative_path_is_seen_from_where_the_rule_was_given() {
    let server = serve([("/", "Cargo.toml")]).await;
    assert!(told(&server, "/").await.1.contains("integration-tests"));
}

#[tokio::test]
async fn ranges_are_served_alone_and_many_as_the_whole() {
    let folder = Folder::new();
    let server = serve([("/f", folder.file("f.txt", "0123456789"))]).await;
    for (range, status, text, content_range) in [
        ("bytes=2-4", 206, "234", Some("bytes 2-4/10")),
        ("bytes=7-", 206, "789", Some("bytes 7-9/10")),
        ("bytes=-3", 206, "789", Some("bytes 7-9/10")),
        ("bytes=0-99", 206, "0123456789", Some("bytes 0-9/10")),
        ("bytes=0-0", 206, "0", Some("bytes 0-0/10")),
        ("bytes=0-1,4-5", 200, "0123456789", None),
        ("bytes=10-", 416, "", Some("bytes */10")),
        ("bytes=5-2", 416, "", Some("bytes */10")),
        ("bytes=x", 416, "", Some("bytes */10")),
        ("lines=1-2", 416, "", Some("bytes */10")),
        ("bytes=99999999999999999999-", 416, "", Some("bytes */10")),
    ] {
        let answer = get(&server, "/f", &[("range", range)]).await;
        assert_eq!(
            (answer.brief(), answer.header("content-range")),
            ((status, text), content_range),
            "{range}"
        );
        assert_eq!(answer.header("accept-ranges"), Some("bytes"));
    }
}

#[tokio::test]
async fn many_ranges_cost_no_more_than_the_file() {
    let folder = Folder::new();
    let server = serve([("/f", folder.file("f.txt", "0123456789"))]).await;
    let ranges = format!("bytes={}", vec!["0-9"; 2000].join(","));
    assert_eq!(get(&server, "/f", &[("range", &ranges)]).await.brief(), (200, "0123456789"));
}

#[tokio::test]
async fn head_tells_the_length_alone() {
    let folder = Folder::new();
    let server = serve([("/f", folder.file("f.txt", "0123456789"))]).await;
    let mut client = Http::connect(server.port).await;
    client.send(b"HEAD /f HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n").await;
    let answer = String::from_utf8(client.closed().await).unwrap();
    assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with("\r\n\r\n"), "{answer}");
    for header in ["content-length: 10\r\n", "content-type: text/plain\r\n", "etag: \"", "last-modified: "] {
        assert!(answer.contains(header), "{header}: {answer}");
    }
}

#[tokio::test]
async fn who_has_the_file_is_told_so() {
    let folder = Folder::new();
    let file = folder.file("f.txt", "first");
    let server = serve([("/f", file.clone())]).await;
    let first = get(&server, "/f", &[]).await;
    let (etag, modified) = (first.header("etag").unwrap(), first.header("last-modified").unwrap());
    let long_ago = "Sun, 06 Nov 1994 08:49:37 GMT";
    for (name, value, status) in [
        ("if-none-match", etag, 304),
        ("if-none-match", &format!("W/{etag}"), 304),
        ("if-none-match", &format!("\"other\", {etag}"), 304),
        ("if-none-match", "*", 304),
        ("if-none-match", "\"other\"", 200),
        ("if-modified-since", modified, 304),
        ("if-modified-since", long_ago, 200),
        ("if-modified-since", "no date", 200),
        ("if-match", etag, 200),
        ("if-match", "\"other\"", 412),
        ("if-unmodified-since", modified, 200),
        ("if-unmodified-since", long_ago, 412),
    ] {
        let answer = get(&server, "/f", &[(name, value)]).await;
        assert_eq!(answer.status, status, "{name}: {value}");
        assert_eq!(answer.body.is_empty(), status != 200, "{name}: {value}");
        if status == 304 {
            assert_eq!(answer.header("etag"), Some(etag));
        }
    }

    std::fs::write(&file, "second").unwrap();
    let now = SystemTime::now() + Duration::from_secs(5);
    File::options().write(true).open(&file).unwrap().set_modified(now).unwrap();
    let changed = get(&server, "/f", &[("if-none-match", etag)]).await;
    assert_eq!(changed.brief(), (200, "second"));
    assert_ne!(changed.header("etag"), Some(etag));
}

#[tokio::test]
async fn a_download_goes_on_only_in_the_version_it_began_with() {
    let folder = Folder::new();
    let server = serve([("/f", folder.file("f.txt", "0123456789"))]).await;
    let whole = get(&server, "/f", &[]).await;
    for (version, expected) in [
        (whole.header("etag").unwrap(), (206, "789")),
        (whole.header("last-modified").unwrap(), (206, "789")),
        ("\"other\"", (200, "0123456789")),
        ("Sun, 06 Nov 1994 08:49:37 GMT", (200, "0123456789")),
    ] {
        let answer = get(&server, "/f", &[("range", "bytes=7-"), ("if-range", version)]).await;
        assert_eq!(answer.brief(), expected, "{version}");
    }
}

#[tokio::test]
async fn a_file_of_a_time_without_a_date_in_http_is_served_without_one() {
    let folder = Folder::new();
    let server = serve([("/", folder.path("."))]).await;
    let decade = Duration::from_secs(10 * 365 * 24 * 3600);
    for (name, modified) in
        [("before", SystemTime::UNIX_EPOCH - decade), ("behind", SystemTime::UNIX_EPOCH + 1_000 * decade)]
    {
        let path = folder.file(name, "here");
        // File systems round times that they cannot keep.
        File::options().write(true).open(&path).unwrap().set_modified(modified).unwrap();
        let answer = get(&server, &format!("/{name}"), &[]).await;
        assert_eq!(answer.brief(), (200, "here"), "{name}");
        let kept = path.metadata().unwrap().modified().unwrap();
        let dated = (SystemTime::UNIX_EPOCH..SystemTime::UNIX_EPOCH + 800 * decade).contains(&kept);
        assert_eq!(answer.header("last-modified").is_some(), dated, "{name}: {kept:?}");
    }
}

#[tokio::test]
async fn a_file_that_becomes_shorter_half_way_ends_its_own_connection() {
    const LARGE: u64 = 64 << 20;
    let (log, _guard) = Log::of_thread(Level::WARN);
    let folder = Folder::new();
    let path = folder.file("large", "");
    let file = File::options().write(true).open(&path).unwrap();
    file.set_len(LARGE).unwrap();
    let server = serve([("/large", path), ("/small", folder.file("small", "small"))]).await;

    let mut client = Http::connect_narrow(server.port).await;
    client.send_request("GET", "/large", &[], b"").await;
    let (mut stream, _) = client.into_parts();
    let mut some = vec![0; 4096];
    within("the first bytes", stream.read_exact(&mut some)).await.unwrap();
    assert!(some.starts_with(b"HTTP/1.1 200 "));
    file.set_len(1000).unwrap();

    let mut rest = Vec::new();
    let _ = within("the end of the connection", stream.read_to_end(&mut rest)).await;
    assert!((rest.len() as u64) < LARGE - 4096, "it is not whole: {}", rest.len());
    until("a line in the log", || {
        let lines = log.lines_with("cannot send a static file to its end");
        if lines.len() == 1 && lines[0].contains("the file has become shorter") {
            Ok(())
        } else {
            Err(log.text())
        }
    })
    .await;
    assert_eq!(get(&server, "/small", &[]).await.brief(), (200, "small"));
}

#[tokio::test]
async fn a_file_that_cannot_be_read_half_way_ends_its_own_connection() {
    const LARGE: u64 = 64 << 20;
    let folder = Folder::new();
    let path = folder.file("socket.io.min.js", "");
    File::options().write(true).open(&path).unwrap().set_len(LARGE).unwrap();
    // The disk fails: each thread may read some of this file, and then no more.
    let path = path.to_str().unwrap();
    let strace =
        ["strace", "-f", "-qq", "-o", "/dev/null", "-P", path, "-e", "inject=read:error=EIO:when=3+"];
    let mut command = Command::new(env!("CARGO_BIN_EXE_standalone"));
    command.args(["--listen", "127.0.0.1:0", "--client", folder.path("").to_str().unwrap()]);
    let program = Program::start(&mut behind(&strace, &command)).await;
    let mut client = Client::websocket(program.port()).await;
    client.connect("/").await;

    let mut http = Http::connect(program.port()).await;
    http.send_request("GET", "/static/socket.io.js", &[], b"").await;
    let (mut stream, _) = http.into_parts();
    let mut answer = Vec::new();
    let _ = within("the end of the connection", stream.read_to_end(&mut answer)).await;
    assert!(answer.starts_with(b"HTTP/1.1 200 "));
    assert!((4096..LARGE).contains(&(answer.len() as u64)), "it is a part: {}", answer.len());
    program.says("cannot send a static file to its end").await;
    assert!(program.said().contains("os error 5"), "{}", program.said());

    // Everybody else is served.
    client.send("42[\"ping_from_client\"]").await;
    assert_eq!(client.next().await, "42[\"pong_from_server\"]");
    assert_eq!(http::get(program.port(), "/").await.status, 200);
}

#[tokio::test]
async fn a_file_that_may_not_be_opened_is_500_and_the_log_says_why() {
    let (log, _guard) = Log::of_thread(Level::WARN);
    let folder = Folder::new();
    // A socket cannot be opened, whoever asks; root may open everything else.
    let _socket = std::os::unix::net::UnixListener::bind(folder.path("socket")).unwrap();
    let server = serve([("/", folder.path("."))]).await;
    assert_eq!(get(&server, "/socket", &[]).await.status, 500);
    let lines = log.lines_with("cannot open a static file");
    assert!(lines.len() == 1 && lines[0].contains("/socket"), "{}", log.text());
}

#[tokio::test]
async fn a_pipe_is_no_file_and_holds_nobody_up() {
    let folder = Folder::new();
    folder.file("a.txt", "a");
    assert!(std::process::Command::new("mkfifo").arg(folder.path("pipe")).status().unwrap().success());
    let server = serve([("/", folder.path(".")), ("/pipe-itself", folder.path("pipe"))]).await;
    assert_eq!(get(&server, "/pipe", &[]).await.status, 404);
    assert_eq!(get(&server, "/pipe-itself", &[]).await.status, 404);
    assert_eq!(get(&server, "/a.txt", &[]).await.status, 200);
}

#[tokio::test]
async fn files_that_are_open_are_bounded_and_closed_when_a_client_leaves() {
    let folder = Folder::new();
    let path = folder.file("large", "");
    File::options().write(true).open(&path).unwrap().set_len(64 << 20).unwrap();
    let server = serve(StaticFiles::from([("/large", path)]).max_open_files(1)).await;

    let mut reader = Http::connect_narrow(server.port).await;
    reader.send_request("GET", "/large", &[], b"").await;
    let (mut reader, _) = reader.into_parts();
    within("the first bytes", reader.read_exact(&mut [0; 100])).await.unwrap();

    let refused = get(&server, "/large", &[]).await;
    assert_eq!((refused.status, refused.header("retry-after")), (503, Some("1")));
    assert_eq!(server.io.counters().files_full, 1);
    drop(reader);
    within("the file to be closed", async {
        while get(&server, "/large", &[("range", "bytes=0-0")]).await.status != 206 {
            tokio::task::yield_now().await;
        }
    })
    .await;
}
