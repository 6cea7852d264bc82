# The demo chat and its worker, for docker-compose.yml.

# The browser client, from npm.
FROM node:22.16.0-bookworm-slim AS client
WORKDIR /client
COPY examples/chat/package.json examples/chat/package-lock.json ./
RUN npm ci --ignore-scripts --no-audit --no-fund

FROM rust:1.95.0-bookworm AS build
WORKDIR /source
COPY . .
RUN cargo build --locked --release -p socketio-examples --features worker,redis,amqp,kafka --example chat --example worker \
    && strip -o /usr/local/bin/chat target/release/examples/chat \
    && strip -o /usr/local/bin/worker target/release/examples/worker

FROM debian:12.11-slim
# librdkafka's, which is in the programs; and the authorities that brokers over TLS are checked by.
RUN apt-get update \
    && apt-get install -y --no-install-recommends ca-certificates libssl3 zlib1g \
    && rm -rf /var/lib/apt/lists/*
COPY --from=client /client/node_modules/socket.io-client/dist/socket.io.min.js /usr/share/chat/
COPY --from=build /usr/local/bin/chat /usr/local/bin/worker /usr/local/bin/
USER 10001:10001
EXPOSE 3000
# What Ctrl-C is: clients are told, and come back by themselves.
STOPSIGNAL SIGINT
CMD ["chat", "/usr/share/chat", "--host", "0.0.0.0"]
