//! Paths that should lead out of the folder, written on the wire as they are: no client library tidies them up.

use integration_tests::http::Http;
use integration_tests::running::Running;
use socketio_core::http::App;
use socketio_core::{Server, StaticFiles};

use crate::folder::Folder;

/// What stands outside, in the parent of the served folder; nothing of it may come back.
const SECRET: &str = "the secret outside";

/// Below `/s`, which is the folder `public`; `{out}` is the parent's absolute path.
const HOSTILE: [&str; 62] = [
    // dots, plain and in disguise
    "/s/../secret.txt",
    "/s/../../secret.txt",
    "/s/a/../../secret.txt",
    "/s/./../secret.txt",
    "/s/..",
    "/s/../",
    "/s/..;/secret.txt",
    "/s/.../secret.txt",
    "/s/....//secret.txt",
    "/s/..././secret.txt",
    "/s/%2e%2e/secret.txt",
    "/s/%2E%2E/secret.txt",
    "/s/.%2e/secret.txt",
    "/s/%2e./secret.txt",
    "/s/..%2fsecret.txt",
    "/s/%2e%2e%2fsecret.txt",
    "/s/a%2f..%2f..%2fsecret.txt",
    "/s%2f..%2fsecret.txt",
    "/s/%2e%2e%2f%2e%2e%2f%2e%2e%2fetc%2fpasswd",
    // twice encoded
    "/s/%252e%252e/secret.txt",
    "/s/%252e%252e%252fsecret.txt",
    "/s/..%252fsecret.txt",
    "/s/%25252e%25252e/secret.txt",
    // overlong and broken UTF-8, other scripts' dots and slashes
    "/s/%c0%ae%c0%ae/secret.txt",
    "/s/%c0%af..%c0%afsecret.txt",
    "/s/%e0%80%ae%e0%80%ae/secret.txt",
    "/s/%uff0e%uff0e/secret.txt",
    "/s/%ef%bc%8e%ef%bc%8e/secret.txt",
    "/s/..%e2%88%95secret.txt",
    "/s/%ff/../secret.txt",
    "/s/%2/../secret.txt",
    "/s/%",
    // backslashes, drives, shares, devices
    "/s/..\\secret.txt",
    "/s/..%5csecret.txt",
    "/s/%2e%2e%5csecret.txt",
    "/s/a%5c..%5c..%5csecret.txt",
    "/s/%5c%5clocalhost%5cc$%5csecret.txt",
    "/s/C:/secret.txt",
    "/s/C:%5csecret.txt",
    "/s/%5c%5c%3f%5cC:%5csecret.txt",
    "/s/secret.txt::$DATA",
    "/s/CON",
    "/s/NUL",
    // absolute paths
    "/s//etc/passwd",
    "/s/%2fetc%2fpasswd",
    "/s/{out}/secret.txt",
    "/s/%2f{out}/secret.txt",
    "//s/../secret.txt",
    "/s/file:///etc/passwd",
    // NUL and other bytes that end names
    "/s/../secret.txt%00",
    "/s/in.txt%00.png",
    "/s/%00",
    "/s/in.txt%0a",
    // links that lead out
    "/s/link.txt",
    "/s/link-up/secret.txt",
    "/s/link-up/",
    "/s/link-absolute/secret.txt",
    "/s/chain/secret.txt",
    "/s/loop",
    "/s/inside/../../secret.txt",
    // what belongs to this process
    "/s/proc/secret.txt",
    "/s/proc/self/environ",
];

#[tokio::test]
async fn no_path_leads_out_of_the_folder() {
    let folder = outside_and_inside();
    let io = Server::builder().build().unwrap();
    let app = App::new(&io).static_files(rules(&folder));
    let server = Running::start_app(app, io).await;
    for method in ["GET", "HEAD"] {
        for path in HOSTILE {
            let path = path.replace("{out}", folder.path("").to_str().unwrap().trim_end_matches('/'));
            let answer = raw(
                server.port,
                &format!("{method} {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"),
            )
            .await;
            assert!(!answer.contains(SECRET) && !answer.contains("root:"), "{path}: {answer}");
            let status = answer.split(' ').nth(1);
            assert!(matches!(status, Some("400" | "404")), "{path}: {answer}");
        }
    }
}

#[tokio::test]
async fn the_default_file_and_the_absolute_form_lead_out_as_little() {
    let folder = outside_and_inside();
    for default in
        ["../secret.txt", "link.txt", "link-up/secret.txt", folder.path("secret.txt").to_str().unwrap()]
    {
        let io = Server::builder().build().unwrap();
        let files = rules(&folder).rule("", default);
        let server = Running::start_app(App::new(&io).static_files(files), io).await;
        for target in
            ["/s/", "/s/a/", "http://a/s/../secret.txt", "http://a/s/%2e%2e/secret.txt", "*", "a:443"]
        {
            let answer =
                raw(server.port, &format!("GET {target} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n"))
                    .await;
            assert!(!answer.contains(SECRET), "{target} with {default}: {answer}");
        }
    }
}

#[tokio::test]
async fn links_within_the_folder_and_a_rule_that_is_a_link_are_followed() {
    let folder = outside_and_inside();
    let io = Server::builder().build().unwrap();
    let files = rules(&folder)
        .rule("/named", folder.path("public/link.txt"))
        .rule("/current", folder.path("current"));
    let server = Running::start_app(App::new(&io).static_files(files), io).await;
    for (path, text) in [
        ("/s/in.txt", "inside"),
        ("/s/inside/in.txt", "inside"),
        ("/current/in.txt", "inside"),
        ("/named", SECRET),
    ] {
        let answer =
            raw(server.port, &format!("GET {path} HTTP/1.1\r\nhost: a\r\nconnection: close\r\n\r\n")).await;
        assert!(answer.starts_with("HTTP/1.1 200 ") && answer.ends_with(text), "{path}: {answer}");
    }
}

fn outside_and_inside() -> Folder {
    let folder = Folder::new();
    folder.file("secret.txt", SECRET);
    folder.file("public/in.txt", "inside");
    folder.file("public/a/in.txt", "inside");
    folder.link("public/link.txt", folder.path("secret.txt"));
    folder.link("public/link-up", "..");
    folder.link("public/link-absolute", folder.path(""));
    folder.link("public/chain", "a/../link-up");
    folder.link("public/loop", "loop");
    folder.link("public/inside", "a");
    folder.link("public/proc", "/proc/self/cwd/..");
    folder.link("current", "public");
    folder
}

fn rules(folder: &Folder) -> StaticFiles {
    StaticFiles::new().rule("/s", folder.path("public"))
}

async fn raw(port: u16, request: &str) -> String {
    let mut client = Http::connect(port).await;
    client.send(request.as_bytes()).await;
    String::from_utf8_lossy(&client.closed().await).into_owned()
}
