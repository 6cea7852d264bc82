//! docker-compose.yml without an engine: docker-compose takes it, and what it would run is what `make cluster` runs.

use std::collections::BTreeSet;
use std::fs;
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Command;

use integration_tests::wait::until;
use serde_json::Value;

use crate::pages;

const ROOT: &str = concat!(env!("CARGO_MANIFEST_DIR"), "/..");

#[test]
fn docker_compose_takes_the_file_and_its_images_are_pinned() {
    let composed = composed(&[]);
    let services = composed["services"].as_object().expect("there are services");
    let of_profile = |profile: Option<&str>| -> BTreeSet<&str> {
        let belongs = |service: &Value| service["profiles"][0].as_str() == profile;
        services.iter().filter(|(_, service)| belongs(service)).map(|(name, _)| name.as_str()).collect()
    };
    assert_eq!(of_profile(None), ["node1", "node2", "node3", "proxy", "redis", "worker"].into());
    assert_eq!(of_profile(Some("rabbitmq")), ["rabbitmq"].into());
    assert_eq!(of_profile(Some("kafka")), ["kafka"].into());
    for (name, service) in services {
        let image = text(&service["image"]);
        assert!(service.get("build").is_some() || is_pinned(image), "{name}: {image}");
    }
}

#[test]
fn the_commands_are_those_of_make_cluster_on_every_broker() {
    for (broker, settings) in
        [("redis", vec![]), ("rabbitmq", documented("rabbitmq")), ("kafka", documented("kafka"))]
    {
        let (composed, plan) = (composed(&settings), plan(&["--broker", broker]));
        for name in ["node1", "node2", "node3", "worker"] {
            let command = text(&composed["services"][name]["command"]).split_whitespace();
            assert_eq!(essence(command), essence(list(&plan[name])), "{name} over {broker}");
        }
        let brokers: Vec<_> = list(&plan["brokers"]).collect();
        for service in &brokers {
            assert!(composed["services"].get(service).is_some(), "{service} for {broker}");
        }
        assert!(brokers.contains(&broker) && brokers.contains(&"redis"), "jobs are in Redis");
    }
}

#[test]
fn the_load_balancer_is_configured_and_published_as_that_of_make_cluster() {
    let (composed, plan) = (composed(&[]), plan(&["--proxy", "nginx"]));
    let proxy = &composed["services"]["proxy"];
    let port = plan["port"].as_u64().expect("a number");
    let listen = text(&proxy["environment"]["LISTEN"]);
    assert_eq!(proxy["ports"], serde_json::json!([format!("127.0.0.1:{port}:{listen}/tcp")]));

    // As the image's entry point does: it fills in the variables that pass the filter.
    let volume = text(&proxy["volumes"][0]);
    let (file, rest) = volume.split_once(':').expect("a file and its place");
    assert_eq!(rest, "/etc/nginx/templates/nginx.conf.template:ro");
    assert_eq!(text(&proxy["environment"]["NGINX_ENVSUBST_OUTPUT_DIR"]), "/etc/nginx");
    assert_eq!(text(&proxy["environment"]["NGINX_ENVSUBST_FILTER"]), "^(LISTEN|STICKY|NODES|TLS)$");
    let mut theirs = fs::read_to_string(file).expect("the file that is mounted is there");
    for name in ["LISTEN", "STICKY", "NODES", "TLS"] {
        theirs = theirs.replace(&format!("${{{name}}}"), text(&proxy["environment"][name]));
    }

    // The same, but for where things are.
    let mut ours = text(&plan["proxy"]["configuration"]).to_owned();
    ours = ours.replace(&format!("listen 127.0.0.1:{port};"), &format!("listen {listen};"));
    for name in ["node1", "node2", "node3"] {
        let here = format!("127.0.0.1:{}", after("--port", list(&plan[name])));
        let command = text(&composed["services"][name]["command"]).split_whitespace();
        let there = format!("{name}:{}", after("--port", command));
        assert!(ours.contains(&here), "{here} is a node of the load balancer");
        ours = ours.replace(&here, &there);
    }
    assert_eq!(words(&theirs), words(&ours));
    assert!(words(&theirs).contains("hash $sticky_key consistent; server node1:3000;"), "the cookie decides");
}

#[test]
fn the_image_is_built_from_pinned_ones_and_runs_as_nobody() {
    let dockerfile = read("Dockerfile");
    let lines = |word: &'static str| {
        dockerfile.lines().filter_map(move |line| line.trim_start().strip_prefix(word)?.strip_prefix(' '))
    };
    for image in lines("FROM") {
        let image = image.split(' ').next().expect("a name");
        assert!(is_pinned(image), "{image}");
    }
    let copied = lines("COPY").filter(|line| !line.starts_with("--from"));
    for file in copied.flat_map(|line| line.split(' ').rev().skip(1).collect::<Vec<_>>()) {
        assert!(Path::new(ROOT).join(file).exists(), "{file}");
    }
    let user = lines("USER").next_back().expect("it is said who");
    assert!(user.split(':').all(|id| id.parse::<u32>().is_ok_and(|id| id != 0)), "{user}");
    assert_eq!(lines("STOPSIGNAL").next_back(), Some("SIGINT"), "the chat says goodbye");
    // Every broker that the file offers.
    assert!(dockerfile.contains("--features worker,redis,amqp,kafka "));
}

/// Where there is an engine; elsewhere `make test` says that this is not run.
#[tokio::test]
async fn the_containers_chat_and_work() {
    let docker = Command::new("docker").arg("info").output();
    if !docker.is_ok_and(|output| output.status.success()) {
        return;
    }
    let composition = Composition::start();
    let url = &*format!("http://127.0.0.1:{}", composition.port);
    until("the chat to be there", || TcpStream::connect(("127.0.0.1", composition.port)).map(drop)).await;
    pages::hold("all_chat", &[url, url, url]).await;
    pages::hold("the_bar_moves_for_the_client_that_asked", &[url, url]).await;
}

/// Containers that end with the test.
struct Composition {
    name: String,
    port: u16,
}

impl Composition {
    fn start() -> Self {
        let free = TcpListener::bind(("127.0.0.1", 0)).and_then(|listener| listener.local_addr());
        let port = free.expect("a port is free").port();
        let composition = Composition { name: format!("socketio-test-{}", std::process::id()), port };
        composition.run(&["up", "--build", "--detach"]);
        composition
    }

    fn run(&self, arguments: &[&str]) {
        let status = Command::new("docker-compose")
            .args(["--project-name", &self.name])
            .args(arguments)
            .current_dir(ROOT)
            .env("PORT", self.port.to_string())
            .status();
        assert!(status.expect("docker-compose runs").success(), "{arguments:?}");
    }
}

impl Drop for Composition {
    fn drop(&mut self) {
        self.run(&["down", "--volumes"]);
    }
}

/// What `docker-compose config` makes of the file, with these variables.
fn composed(settings: &[(String, String)]) -> Value {
    let script = "docker-compose config | python3 -c 'import json, sys, yaml; print(json.dumps(yaml.safe_load(sys.stdin)))'";
    let output = Command::new("bash")
        .args(["-o", "pipefail", "-c", script])
        .current_dir(ROOT)
        .env_remove("PORT")
        .env_remove("MANAGER")
        .envs(settings.iter().cloned())
        .output()
        .expect("bash runs");
    let said = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "scripts/packages installs docker-compose: {said}");
    // There a dollar is written as two.
    let json = String::from_utf8(output.stdout).expect("it is text").replace("$$", "$");
    serde_json::from_str(&json).expect("it is JSON")
}

/// What `scripts/cluster` says it would run.
fn plan(options: &[&str]) -> Value {
    let output = Command::new(format!("{ROOT}/scripts/cluster"))
        .arg("--print")
        .args(options)
        .args(["/programs/chat", "/programs/worker", "/usr/share/chat"])
        .output()
        .expect("the script runs");
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).expect("it is JSON")
}

/// The variables that the head of the file names for that broker.
fn documented(profile: &str) -> Vec<(String, String)> {
    let file = read("docker-compose.yml");
    let line = file.lines().find(|line| line.contains(&format!("COMPOSE_PROFILES={profile} ")));
    let words = line.expect("it is in the head").split(' ');
    let pairs = words.filter_map(|word| word.split_once('='));
    pairs.map(|(name, value)| (name.to_owned(), value.to_owned())).collect()
}

/// A command without what differs by nature: the place of the program, and where it listens.
fn essence<'a>(command: impl Iterator<Item = &'a str>) -> Vec<&'a str> {
    let mut essence: Vec<&str> = Vec::new();
    for (index, word) in command.enumerate() {
        let before = essence.last().copied().unwrap_or_default();
        essence.push(match before {
            "--host" | "--port" | "--trust" => "",
            _ if index == 0 => word.rsplit('/').next().unwrap_or_default(),
            _ => word,
        });
    }
    essence
}

fn after<'a>(option: &str, mut command: impl Iterator<Item = &'a str>) -> &'a str {
    command.find(|word| *word == option).expect("it has the option");
    command.next().expect("the option has a value")
}

fn is_pinned(image: &str) -> bool {
    let tag = image.split_once(':').map_or("", |(_, tag)| tag);
    tag.starts_with(|first: char| first.is_ascii_digit()) && tag.contains('.')
}

fn words(text: &str) -> String {
    text.split_whitespace().collect::<Vec<_>>().join(" ")
}

fn list(value: &Value) -> impl Iterator<Item = &str> {
    value.as_array().expect("a list").iter().map(text)
}

fn text(value: &Value) -> &str {
    value.as_str().unwrap_or_else(|| panic!("no text but {value}"))
}

fn read(file: &str) -> String {
    fs::read_to_string(format!("{ROOT}/{file}")).expect("the file is there")
}
