//! HTTP requests.

use integration_tests::{
    client::PATH,
    frames::{KEY, UPGRADE, WebSocket},
    http::{self, Http},
};

use crate::{assert_unharmed, joined, serve};

#[tokio::test]
async fn an_upgrade_with_too_many_headers_is_refused() {
    let server = serve().await;
    let mut http = Http::connect(server.port).await;
    let mut request = format!("GET {PATH}&transport=websocket HTTP/1.1\r\nhost: a\r\n");
    for (name, value) in UPGRADE {
        request += &format!("{name}: {value}\r\n");
    }
    for number in 0..3_000 {
        request += &format!("x-{number}: 1\r\n");
    }
    http.send((request + "\r\n").as_bytes()).await;
    let response = http.try_response().await;
    assert!(response.is_none_or(|response| matches!(response.status, 400 | 431)));
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn endless_headers_are_cut_off() {
    let server = serve().await;
    let mut http = Http::connect(server.port).await;
    http.send(format!("GET {PATH}&transport=polling HTTP/1.1\r\nhost: a\r\nx: ").as_bytes()).await;
    for _ in 0..64 {
        http.send(&[b'x'; 16_384]).await;
    }
    let response = http.try_response().await;
    assert!(response.is_none_or(|response| matches!(response.status, 400 | 414 | 431)));
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn an_upgrade_to_h2c_is_not_taken() {
    let server = serve().await;
    for target in [format!("{PATH}&transport=websocket"), format!("{PATH}&transport=polling"), "/".into()] {
        let headers = [
            ("connection", "Upgrade, HTTP2-Settings"),
            ("upgrade", "h2c"),
            ("http2-settings", "AAMAAABkAAQCAAAAAAIAAAAA"),
        ];
        let mut http = Http::connect(server.port).await;
        let response = http.request("GET", &target, &headers, b"").await;
        assert!(matches!(response.status, 200 | 400 | 404), "{target}: {response:?}");
    }
    server.is_empty().await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_client_that_resets_while_it_is_refused_harms_nobody() {
    let server = serve().await;
    for _ in 0..50 {
        let mut http = Http::connect(server.port).await;
        http.send_request("GET", &format!("{PATH}&transport=websocket&sid=unknown"), &UPGRADE, b"").await;
        let (stream, _) = http.into_parts();
        stream.set_zero_linger().unwrap();
    }
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn of_a_query_parameter_that_comes_twice_one_counts_or_the_request_is_refused() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    let sid = &client.open.sid;
    for query in [
        "EIO=4&EIO=4&transport=polling",
        "EIO=4&EIO=3&transport=polling",
        "EIO=4&transport=polling&transport=websocket",
        "EIO[]=4&transport[x]=polling&transport=polling",
        "EIO=4&transport=polling&sid=&sid=",
        "EIO=4&transport=polling&sid[]=x&sid[]=y",
        &format!("EIO=4&transport=polling&sid=unknown&sid={sid}"),
    ] {
        let response = http::get(server.port, &format!("/socket.io/?{query}")).await;
        assert!(matches!(response.status, 200 | 400), "{query}: {response:?}");
        let response = http::post(server.port, &format!("/socket.io/?{query}"), "3").await;
        assert!(matches!(response.status, 200 | 400), "{query}: {response:?}");
    }
    client.close().await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_query_that_is_hardly_one_is_refused() {
    let server = serve().await;
    for query in ["%", "%zz", "&&&=&=&", "EIO", "EIO=%ff&transport=%00", &"a=b&".repeat(3_000)] {
        let response = http::get(server.port, &format!("/socket.io/?{query}")).await;
        assert!(matches!(response.status, 400 | 414 | 431), "{query:.20}: {}", response.status);
    }
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_post_of_octets_is_answered_and_its_connection_does_not_hang() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    let mut http = Http::connect(server.port).await;
    let headers = [("content-type", "application/octet-stream"), ("connection", "close")];
    let response = http.request("POST", &client.polling_target(), &headers, &[4, 0xFF, 1, 2]).await;
    assert_eq!(response.status, 400);
    http.closed().await;
    server.is_empty().await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_refused_post_does_not_hang_whatever_its_body() {
    let server = serve().await;
    for (length, sent) in [(50, 50), (10_000_000, 1_000), (10_000_000, 0)] {
        let mut http = Http::connect(server.port).await;
        let target = format!("{PATH}&transport=polling&sid=unknown");
        let head = format!("POST {target} HTTP/1.1\r\nhost: a\r\ncontent-length: {length}\r\n\r\n");
        http.send(head.as_bytes()).await;
        http.send(&vec![b'x'; sent]).await;
        // The session is looked up before the body is read.
        assert_eq!(http.response().await.brief(), (400, r#"{"code":1,"message":"Session ID unknown"}"#));
    }
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_body_that_announces_too_much_is_413_at_once() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    let mut http = Http::connect(server.port).await;
    let target = client.polling_target();
    http.send(format!("POST {target} HTTP/1.1\r\nhost: a\r\ncontent-length: 100001\r\n\r\n42").as_bytes())
        .await;
    assert_eq!(http.response().await.status, 413);
    drop(http);
    client.close().await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_chunked_body_that_grows_too_large_is_413_while_it_is_read() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    let mut http = Http::connect(server.port).await;
    let target = client.polling_target();
    http.send(format!("POST {target} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n").as_bytes())
        .await;
    // It never ends, and is answered all the same.
    let chunk = format!("{:x}\r\n{}\r\n", 10_000, "x".repeat(10_000));
    for _ in 0..11 {
        http.send(chunk.as_bytes()).await;
    }
    assert_eq!(http.response().await.status, 413);
    drop(http);
    client.close().await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn tiny_chunks_are_a_body_like_any_other() {
    let server = serve().await;
    let mut client = joined("polling", server.port).await;
    let mut http = Http::connect(server.port).await;
    let target = client.polling_target();
    let text = format!("421[\"echo\",\"{}\"]", "y".repeat(5_000));
    let mut request = format!("POST {target} HTTP/1.1\r\nhost: a\r\ntransfer-encoding: chunked\r\n\r\n");
    for character in text.chars() {
        request += &format!("1\r\n{character}\r\n");
    }
    http.send((request + "0\r\n\r\n").as_bytes()).await;
    assert_eq!(http.response().await.brief(), (200, "ok"));
    assert_eq!(client.next().await.len(), "431[\"\"]".len() + 5_000);
}

#[tokio::test]
async fn odd_opening_handshakes_are_refused_or_taken_but_harm_nobody() {
    let server = serve().await;
    let target = format!("{PATH}&transport=websocket");
    let with = |name: &'static str, value: &'static str| {
        let mut headers: Vec<_> = UPGRADE.into_iter().filter(|(each, _)| *each != name).collect();
        if !value.is_empty() {
            headers.push((name, value));
        }
        headers
    };
    for headers in [
        with("sec-websocket-key", ""),
        with("sec-websocket-key", "short"),
        with("sec-websocket-key", "????????????????????????"),
        with("sec-websocket-version", ""),
        with("sec-websocket-version", "8"),
        with("sec-websocket-version", "14"),
        with("upgrade", ""),
        with("upgrade", "tcp"),
        with("connection", "keep-alive"),
    ] {
        let mut http = Http::connect(server.port).await;
        let response = http.request("GET", &target, &headers, b"").await;
        assert!(matches!(response.status, 400 | 426), "{headers:?}: {response:?}");
    }
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn unknown_extensions_and_protocols_are_passed_over() {
    let server = serve().await;
    let target = format!("{PATH}&transport=websocket");
    for (name, value) in [
        ("sec-websocket-extensions", "constructor"),
        ("sec-websocket-extensions", "permessage-deflate; client_max_window_bits"),
        ("sec-websocket-extensions", ";;;,,,=\"\"\""),
        ("sec-websocket-protocol", "({[]})"),
        ("sec-websocket-protocol", &format!("a{}b", " ".repeat(10_000))),
    ] {
        let mut headers = UPGRADE.to_vec();
        headers.push((name, value));
        let mut http = Http::connect(server.port).await;
        let response = http.request("GET", &target, &headers, b"").await;
        assert_eq!(response.status, 101, "{name}: {value:.40}");
        assert_eq!(response.header("sec-websocket-extensions"), None);
        assert_eq!(response.header("sec-websocket-protocol"), None);
    }
    assert_eq!(KEY.len(), 24);
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn frames_that_come_with_the_opening_handshake_are_read() {
    let server = serve().await;
    let mut http = Http::connect(server.port).await;
    let mut request = format!("GET {PATH}&transport=websocket HTTP/1.1\r\nhost: a\r\n").into_bytes();
    for (name, value) in UPGRADE {
        request.extend(format!("{name}: {value}\r\n").bytes());
    }
    request.extend(b"\r\n");
    integration_tests::frames::Frame::of(1).write(&mut request, b"40");
    http.send(&request).await;
    let response = http.response().await;
    // A client must not, and the server may refuse it; it must not lose it silently either.
    if response.status == 101 {
        let (stream, input) = http.into_parts();
        let mut socket = WebSocket::from_parts(stream, input);
        assert!(socket.next_text().await.starts_with("0{"));
        assert!(socket.next_text().await.starts_with("40{"));
    } else {
        assert_eq!(response.status, 400);
    }
}

#[tokio::test]
async fn a_request_that_is_no_http_is_refused() {
    let server = serve().await;
    for bytes in [
        b"\x16\x03\x01\x02\x00\x01\x00\x01".as_slice(),
        b"GET\r\n\r\n",
        b"\r\n\r\n\r\n\r\nxx\r\n\r\n",
        &[0; 100],
    ] {
        let mut http = Http::connect(server.port).await;
        http.send(bytes).await;
        http.closed().await;
    }
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn smuggled_lengths_are_refused() {
    let server = serve().await;
    let client = joined("polling", server.port).await;
    let target = client.polling_target();
    for headers in ["content-length: 1\r\ncontent-length: 2", "content-length: -1", "content-length: 1, 2"] {
        let mut http = Http::connect(server.port).await;
        http.send(format!("POST {target} HTTP/1.1\r\nhost: a\r\n{headers}\r\n\r\n33").as_bytes()).await;
        assert!(http.try_response().await.is_none_or(|response| response.status == 400), "{headers}");
    }
    client.close().await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn another_origin_is_refused_by_get_post_and_websocket_alike() {
    let server = serve().await;
    let own = format!("http://127.0.0.1:{}", server.port);
    let mut client = joined("polling", server.port).await;
    let (opening, websocket) = (format!("{PATH}&transport=polling"), format!("{PATH}&transport=websocket"));
    for origin in [
        "http://evil.example",
        "https://127.0.0.1",
        "null",
        "http://127.0.0.1",
        &format!("{own}.evil.example"),
        &format!("https://127.0.0.1:{}", server.port),
        "",
    ] {
        let headers = [("origin", origin)];
        let target = client.polling_target();
        for (method, target, body) in
            [("GET", &opening, ""), ("GET", &target, ""), ("POST", &target, "421[\"echo\"]")]
        {
            let response = http::request(server.port, method, target, &headers, body.as_bytes()).await;
            assert_eq!(
                response.brief(),
                (400, r#"{"code":3,"message":"Bad request"}"#),
                "{method} of {origin:?}"
            );
            assert_eq!(response.header("access-control-allow-origin"), None);
        }
        let refused = WebSocket::open_with(server.port, &websocket, &headers).await.unwrap_err();
        assert_eq!(refused.status, 400, "{origin:?}");
    }

    // The own origin is welcome, and so is who sends none.
    let headers = [("origin", own.as_str())];
    let mut socket = WebSocket::open_with(server.port, &websocket, &headers).await.unwrap();
    assert!(socket.next_text().await.starts_with("0{"));
    socket.send_text("1").await;
    client.send("421[\"echo\"]").await;
    assert_eq!(client.next().await, "431[]");
    client.close().await;
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn ids_cannot_be_guessed_from_others() {
    let server = serve().await;
    let mut ids = std::collections::HashSet::new();
    for _ in 0..200 {
        let mut client = integration_tests::client::Client::websocket(server.port).await;
        let socket = client.connect("/").await;
        for id in [client.open.sid.clone(), socket] {
            assert!(id.len() >= 20, "{id}");
            // No counter, no clock: neither the heads nor the tails repeat.
            assert!(ids.insert(id[..8].to_owned()), "{id}");
            assert!(ids.insert(id[id.len() - 8..].to_owned()), "{id}");
        }
        client.close().await;
    }
    assert_unharmed(&server).await;
}

#[tokio::test]
async fn a_large_answer_is_compressed_for_who_accepts_it_and_only_then() {
    let server = serve().await;
    let mut client = joined("polling", server.port).await;
    for (accept, encoding, length) in [
        ("gzip, deflate, br", Some("gzip"), 5_000),
        ("deflate", Some("deflate"), 5_000),
        ("identity", None, 5_000),
        ("gzip;q=0", None, 5_000),
        ("gzip", None, 500),
    ] {
        client.send(&format!("421[\"echo\",\"{}\"]", "z".repeat(length))).await;
        let headers = [("accept-encoding", accept)];
        let response = http::request(server.port, "GET", &client.polling_target(), &headers, b"").await;
        assert_eq!(response.status, 200);
        assert_eq!(response.header("content-encoding"), encoding, "{accept} and {length}");
        assert_eq!(response.body.len() < length, encoding.is_some());
    }
}
