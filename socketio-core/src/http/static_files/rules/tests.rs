//! What python's `get_static_file` finds, and what it should not.

use super::*;

#[test]
fn a_url_is_a_file() {
    let rules = rules(&[("/", "latency.html"), ("/static/style.css", "static/style.css")]);
    assert_eq!(found(&rules, "/"), found_as("latency.html", "text/html"));
    assert_eq!(found(&rules, "/?x=1"), found_as("latency.html", "text/html"));
    assert_eq!(found(&rules, "/static/style.css"), found_as("static/style.css", "text/css"));
    // What is below a file is nothing, which opening it will tell.
    assert_eq!(found(&rules, "/other"), found_as("latency.html/other", "application/octet-stream"));
}

#[test]
fn a_url_is_a_folder() {
    let rules = rules(&[("/static", "./public"), ("/slash/", "./slashed/")]);
    assert_eq!(found(&rules, "/static/index.html"), found_as("public/index.html", "text/html"));
    assert_eq!(found(&rules, "/static/css/styles.css"), found_as("public/css/styles.css", "text/css"));
    assert_eq!(found(&rules, "/static/"), found_as("public/index.html", "text/html"));
    assert_eq!(found(&rules, "/static/a/"), found_as("public/a/index.html", "text/html"));
    assert_eq!(found(&rules, "/slash/x.txt"), found_as("slashed/x.txt", "text/plain"));
    for nobodys in ["/", "/statics/x", "/stat", "/slash", "/x/static/a", "*", ""] {
        assert_eq!(found(&rules, nobodys), None, "{nobodys}");
    }
}

#[test]
fn the_longest_url_is_the_one_that_holds() {
    let rules = rules(&[("/", "root"), ("/a", "a"), ("/a/b", "b"), ("/a/b/c.txt", "elsewhere.js")]);
    assert_eq!(found(&rules, "/x.txt"), found_as("root/x.txt", "text/plain"));
    assert_eq!(found(&rules, "/a/x.txt"), found_as("a/x.txt", "text/plain"));
    assert_eq!(found(&rules, "/a/bx.txt"), found_as("a/bx.txt", "text/plain"));
    assert_eq!(found(&rules, "/a/b/x.txt"), found_as("b/x.txt", "text/plain"));
    assert_eq!(found(&rules, "/a/b/c.txt"), found_as("elsewhere.js", "application/javascript"));
}

#[test]
fn eight_extensions_have_a_type_and_all_else_is_bytes() {
    let rules = rules(&[("/f", "f")]);
    for (name, content_type) in [
        ("a.css", "text/css"),
        ("a.gif", "image/gif"),
        ("a.html", "text/html"),
        ("a.jpg", "image/jpeg"),
        ("a.js", "application/javascript"),
        ("a.json", "application/json"),
        ("a.png", "image/png"),
        ("a.txt", "text/plain"),
        ("a.svg", "application/octet-stream"),
        ("a.wasm", "application/octet-stream"),
        ("a.HTML", "application/octet-stream"),
        ("a.html.gz", "application/octet-stream"),
        ("html", "application/octet-stream"),
        (".html", "application/octet-stream"),
        ("a.", "application/octet-stream"),
    ] {
        let path = format!("/f/{name}");
        assert_eq!(found(&rules, &path), found_as(&format!("f/{name}"), content_type));
    }
}

#[test]
fn a_type_can_be_given() {
    let mut rules = Rules::default();
    rules.add("/", StaticFile::new("latency.html").content_type("text/plain"));
    rules.add("/notes", StaticFile::new("notes").content_type("text/x-notes"));
    assert_eq!(found(&rules, "/"), found_as("latency.html", "text/plain"));
    assert_eq!(found(&rules, "/notes/a.html"), found_as("notes/a.html", "text/x-notes"));
    assert_eq!(found(&rules, "/notes/"), found_as("notes/index.html", "text/x-notes"));

    rules.add("", StaticFile::new("image.gif").content_type("text/plain"));
    assert_eq!(found(&rules, "/notes/"), found_as("notes/image.gif", "text/plain"), "that of '' comes first");
}

#[test]
fn the_name_for_urls_that_end_with_a_slash_can_be_given() {
    let rules = rules(&[("/static", "./public"), ("", "image.gif")]);
    assert_eq!(found(&rules, "/static/"), found_as("public/image.gif", "image/gif"));
    assert_eq!(found(&rules, "/static/a/b/"), found_as("public/a/b/image.gif", "image/gif"));
    assert_eq!(found(&rules, "/other/"), None, "'' is not a rule for everything");
}

#[test]
fn a_later_rule_for_the_same_url_takes_the_place_of_the_first() {
    let rules = rules(&[("/a", "first"), ("a", "second")]);
    assert_eq!(found(&rules, "/a/x.txt"), found_as("second/x.txt", "text/plain"));
}

#[test]
fn paths_are_decoded_once() {
    let rules = rules(&[("/ein ort", "p")]);
    assert_eq!(found(&rules, "/ein%20ort/caf%C3%A9.txt"), found_as("p/café.txt", "text/plain"));
    assert_eq!(found(&rules, "/ein%20ort/%2561.txt"), found_as("p/%61.txt", "text/plain"));
    assert_eq!(found(&rules, "/ein%20ort/%ff.txt"), None);
}

#[test]
fn what_is_no_name_is_nothing() {
    let rules = rules(&[("/s", "public")]);
    for path in [
        "/s/..",
        "/s/../x",
        "/s/a/../../x",
        "/s/./x",
        "/s/.",
        "/s/%2e%2e/x",
        "/s/%2E%2e%2fx",
        "/s/..%2f",
        "/s//etc/passwd",
        "/s/a//b",
        "/s/%2fetc/passwd",
        "/s/..%5cx",
        "/s/a%5c..%5c..%5cx",
        "/s/x%00.txt",
        "/s/%00",
        "/s/../",
        "/s//",
    ] {
        assert_eq!(found(&rules, path), None, "{path}");
    }
}

#[test]
fn a_long_path_of_slashes_costs_no_more_than_its_length_for_each_rule() {
    let rules = rules(&[("/s", "public"), ("/", "root")]);
    assert_eq!(found(&rules, &format!("/s{}", "/".repeat(30_000))), None);
}

fn rules(given: &[(&str, &str)]) -> Rules {
    let mut rules = Rules::default();
    for (url, file) in given {
        rules.add(url, StaticFile::new(*file));
    }
    rules
}

/// The file seen from the current directory, and its type. A place is a folder here where it has no dot in its name.
fn found(rules: &Rules, path: &str) -> Option<(PathBuf, String)> {
    let wanted = rules.find(&path.parse::<Uri>().ok()?)?;
    let is_file = wanted.below.as_os_str().is_empty() && wanted.place.extension().is_some();
    let is_default = wanted.default.is_some() && !is_file;
    let mut file = wanted.place.join(&wanted.below);
    if wanted.below.as_os_str().is_empty() {
        file.clone_from(&wanted.place);
    }
    if let Some(default) = wanted.default.as_ref().filter(|_| is_default) {
        file.push(default);
    }
    let file = file.strip_prefix(std::env::current_dir().unwrap()).unwrap().to_owned();
    Some((file, wanted.content_type(is_default).to_str().unwrap().to_owned()))
}

fn found_as(file: &str, content_type: &str) -> Option<(PathBuf, String)> {
    Some((PathBuf::from(file), content_type.to_owned()))
}
