//! What checking a token costs: one authorised `tools/call` a request, on the server without the
//! check, with it, and with tokens remembered. "Without" is the MCP endpoint alone, and, since a
//! server has them with or without tokens, the endpoint with the layers that look at the origin and
//! do CORS. `cargo bench -p token_use` prints one table.
//!
//! Everything happens in one run and in turns, a short round each, so that whatever else the
//! machine does meets all of them; a ratio is the median over the rounds. Each server has one
//! thread, the load another. On Linux the time that a server's thread was on a processor is counted
//! too: it hardly depends on what else runs.
#![allow(clippy::unwrap_used, reason = "a benchmark that cannot go on fails")]
#![allow(clippy::print_stdout, reason = "the table is for whoever started it")]

#[path = "../tests/common/mod.rs"]
mod common;

use std::collections::BTreeMap;
use std::hint::black_box;
use std::net::SocketAddr;
use std::str::FromStr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::body::to_bytes;
use axum::{Router, middleware};
use common::{Authority, CALM, SigningKey, claims, patched, protected, weather, with_token};
use jsonwebtoken::{Algorithm, DecodingKey, crypto};
use serde_json::json;
use shared::{Reporter, listen, mcp};
use token_use::further::sample_tools::SampleTools;
use token_use::further::sample_tools::mcp_server::endpoint as endpoint_alone;
use token_use::options::CheckOptions;
use token_use::server;
use token_use::tools::Permissions;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::runtime;
use tokio::task::JoinSet;

const ROUNDS: usize = 13;
const ROUND: Duration = Duration::from_millis(400);
const CONNECTIONS: usize = 16;

const LATENCY_ROUNDS: usize = 4;
const LATENCY_CONNECTIONS: usize = 64;

const MEMORY_CALLS: usize = 100_000;
const MEMORY_TOKENS: usize = 2_000;
const MEMORY_ROOM: u32 = 500;

/// What stands in every answer.
const ANSWER: &[u8] = "Oslo: -3 °C, snow".as_bytes();

fn main() {
    // The load's thread is this one; the authorization server is on it too, and is asked once by
    // each server.
    runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(run());
}

async fn run() {
    let key = SigningKey::rsa("key", Some("RS256"));
    let authority = Authority::start(&[&key]).await;
    let token = key.token(&claims(&authority.issuer));
    let checked = |remember_tokens| {
        let (issuer, options) = (authority.issuer.clone(), CheckOptions { remember_tokens, ..CheckOptions::default() });
        ServerThread::start(move || server::app(protected(&issuer), &options, CALM, Reporter::silent()).unwrap())
    };
    let servers = [
        ("endpoint alone", ServerThread::start(endpoint)),
        ("origin and CORS", ServerThread::start(origin_and_cors)),
        ("with the check", checked(0)),
        ("tokens remembered", checked(1000)),
    ];
    let one = Arc::new(vec![request(&token).await]);
    println!("One authorised tools/call a request; tokens of {} bytes, RS256 with 2048 bits.", token.len());
    for (_, server) in &servers {
        Load { requests: &one, connections: CONNECTIONS, stop: Stop::After(ROUND) }.run(server.address).await;
    }
    let verify = Verify::new(&key, &token);
    let rounds = throughput(&servers, &one, &verify).await;
    let latencies = latencies(&servers, &one).await;
    print_table(&servers, &rounds, &latencies);
    print_ratios(&rounds);

    let [.., (_, full), _] = &servers;
    print_memory("with the check, one token", full, &one).await;
    let tokens = (0..MEMORY_TOKENS).map(|n| key.token(&patched(claims(&authority.issuer), &json!({"jti": n}))));
    let mut many = Vec::new();
    for token in tokens {
        many.push(request(&token).await);
    }
    let what = format!("room for {MEMORY_ROOM} tokens, {MEMORY_TOKENS} in turns");
    print_memory(&what, &checked(MEMORY_ROOM), &Arc::new(many)).await;
}

/// The server without anybody in front of it.
fn endpoint() -> Router {
    endpoint_alone(Arc::new(Permissions::open()), SampleTools::create().unwrap())
}

/// The server with everything in front of it but the check.
fn origin_and_cors() -> Router {
    let origin = middleware::from_fn_with_state(Reporter::silent(), mcp::check_origin);
    endpoint().layer((origin, mcp::endpoint_cors()))
}

/// A server on a thread of its own, up to the end of the process.
struct ServerThread {
    address: SocketAddr,
    /// Where Linux counts the thread's time.
    schedstat: String,
}

impl ServerThread {
    fn start(app: impl FnOnce() -> Router + Send + 'static) -> Self {
        let (ready, started) = std::sync::mpsc::channel();
        std::thread::spawn(move || {
            let thread = std::fs::read_link("/proc/thread-self").unwrap_or_default();
            let schedstat = format!("/proc/{}/schedstat", thread.display());
            runtime::Builder::new_current_thread().enable_all().build().unwrap().block_on(async {
                let listener = listen::bind(0, "a server of the benchmark", "").await.unwrap();
                let address = listener.local_addr().unwrap();
                let _serving = listen::serve(listener, app());
                ready.send(Self { address, schedstat }).unwrap();
                std::future::pending::<()>().await;
            });
        });
        started.recv().unwrap()
    }

    /// How long the thread was on a processor; 0 where that is not counted.
    fn busy(&self) -> Duration {
        let counted = std::fs::read_to_string(&self.schedstat).unwrap_or_default();
        let nanoseconds = counted.split(' ').next().and_then(|first| first.parse().ok());
        Duration::from_nanos(nanoseconds.unwrap_or_default())
    }
}

/// The bytes of a call with this token.
async fn request(token: &str) -> Vec<u8> {
    let (parts, body) = with_token(weather(), token).into_parts();
    let body = to_bytes(body, 1 << 20).await.unwrap();
    let mut bytes = b"POST /mcp HTTP/1.1\r\n".to_vec();
    for (name, value) in &parts.headers {
        bytes.extend([name.as_str().as_bytes(), b": ", value.as_bytes(), b"\r\n"].concat());
    }
    bytes.extend(format!("content-length: {}\r\n\r\n", body.len()).into_bytes());
    bytes.extend(body);
    bytes
}

/// Calls over connections that stay open, each with one request under way.
struct Load<'a> {
    /// Sent in turns.
    requests: &'a Arc<Vec<Vec<u8>>>,
    connections: usize,
    stop: Stop,
}

#[derive(Clone, Copy)]
enum Stop {
    After(Duration),
    /// So many calls, all connections together.
    Calls(usize),
}

/// What came of a [`Load`].
struct Loaded {
    took: Duration,
    /// Of each call.
    latencies: Vec<Duration>,
}

impl Load<'_> {
    async fn run(self, address: SocketAddr) -> Loaded {
        let mut connections = Vec::new();
        for _ in 0..self.connections {
            connections.push(Connection::open(address).await);
        }
        let started = Instant::now();
        let mut running = JoinSet::new();
        for (n, mut connection) in connections.into_iter().enumerate() {
            let (requests, stop, stride) = (Arc::clone(self.requests), self.stop, self.connections);
            running.spawn(async move {
                let (mut latencies, mut next) = (Vec::new(), n);
                while match stop {
                    Stop::After(time) => started.elapsed() < time,
                    Stop::Calls(calls) => next < calls,
                } {
                    let sent = Instant::now();
                    connection.call(&requests[next % requests.len()]).await;
                    latencies.push(sent.elapsed());
                    next += stride;
                }
                latencies
            });
        }
        let latencies = running.join_all().await.concat();
        Loaded { took: started.elapsed(), latencies }
    }
}

struct Connection {
    stream: TcpStream,
    buffer: Vec<u8>,
}

impl Connection {
    async fn open(address: SocketAddr) -> Self {
        let stream = TcpStream::connect(address).await.unwrap();
        stream.set_nodelay(true).unwrap();
        Self { stream, buffer: Vec::with_capacity(4096) }
    }

    async fn call(&mut self, request: &[u8]) {
        self.stream.write_all(request).await.unwrap();
        self.buffer.clear();
        while !is_whole(&self.buffer) {
            let read = self.stream.read_buf(&mut self.buffer).await.unwrap();
            assert!(read > 0, "the server hung up");
        }
        let good = self.buffer.starts_with(b"HTTP/1.1 200 ") && find(&self.buffer, ANSWER).is_some();
        assert!(good, "{}", String::from_utf8_lossy(&self.buffer));
    }
}

/// Whether an answer has come to its end, by its Content-Length.
fn is_whole(answer: &[u8]) -> bool {
    let Some(head) = find(answer, b"\r\n\r\n") else { return false };
    let name = b"content-length: ";
    let value = &answer[find(&answer[..head], name).unwrap() + name.len()..head];
    let digits = value.iter().position(|byte| *byte == b'\r').unwrap_or(value.len());
    let length = usize::from_str(std::str::from_utf8(&value[..digits]).unwrap()).unwrap();
    answer.len() >= head + 4 + length
}

fn find(text: &[u8], part: &[u8]) -> Option<usize> {
    text.windows(part.len()).position(|window| window == part)
}

/// The signature's verification and nothing else: what no check of tokens can do without.
struct Verify {
    message: Vec<u8>,
    signature: String,
    key: DecodingKey,
}

impl Verify {
    fn new(key: &SigningKey, token: &str) -> Self {
        let (message, signature) = token.rsplit_once('.').unwrap();
        let key = DecodingKey::from_jwk(&serde_json::from_value(key.jwk.clone()).unwrap()).unwrap();
        Self { message: message.as_bytes().to_vec(), signature: signature.to_owned(), key }
    }

    /// How many a second, on one thread.
    fn rate(&self) -> f64 {
        let (started, mut count) = (Instant::now(), 0.0);
        while started.elapsed() < ROUND / 4 {
            let good = crypto::verify(black_box(&self.signature), &self.message, &self.key, Algorithm::RS256);
            assert!(good.unwrap());
            count += 1.0;
        }
        count / started.elapsed().as_secs_f64()
    }
}

type Servers = [(&'static str, ServerThread); 4];

/// One turn: calls a second and processor time a call of each server, and verifications a second.
struct Round {
    rates: [f64; 4],
    busy: [f64; 4],
    verify: f64,
}

async fn throughput(servers: &Servers, requests: &Arc<Vec<Vec<u8>>>, verify: &Verify) -> Vec<Round> {
    let mut rounds = Vec::new();
    for _ in 0..ROUNDS {
        let mut round = Round { rates: [0.0; 4], busy: [0.0; 4], verify: verify.rate() };
        for (n, (_, server)) in servers.iter().enumerate() {
            let before = server.busy();
            let stop = Stop::After(ROUND);
            let loaded = Load { requests, connections: CONNECTIONS, stop }.run(server.address).await;
            let calls = loaded.latencies.len() as f64;
            round.rates[n] = calls / loaded.took.as_secs_f64();
            round.busy[n] = (server.busy() - before).as_secs_f64() / calls;
        }
        rounds.push(round);
    }
    rounds
}

/// How long calls take under many connections, sorted, by server.
async fn latencies(servers: &Servers, requests: &Arc<Vec<Vec<u8>>>) -> BTreeMap<&'static str, Vec<Duration>> {
    let mut all: BTreeMap<_, Vec<Duration>> = BTreeMap::new();
    for _ in 0..LATENCY_ROUNDS {
        for (name, server) in servers {
            let stop = Stop::After(ROUND);
            let loaded = Load { requests, connections: LATENCY_CONNECTIONS, stop }.run(server.address).await;
            all.entry(*name).or_default().extend(loaded.latencies);
        }
    }
    all.values_mut().for_each(|latencies| latencies.sort_unstable());
    all
}

fn median(values: impl Iterator<Item = f64>) -> f64 {
    let mut values: Vec<_> = values.collect();
    values.sort_unstable_by(f64::total_cmp);
    values[values.len() / 2]
}

fn print_table(servers: &Servers, rounds: &[Round], latencies: &BTreeMap<&'static str, Vec<Duration>>) {
    println!("\n{:20} {:>9} {:>12} {:>9} {:>9}", "", "calls/s", "CPU µs/call", "p50 ms", "p99 ms");
    for (n, (name, _)) in servers.iter().enumerate() {
        let sorted = &latencies[name];
        let percentile = |percent: usize| sorted[sorted.len() * percent / 100].as_secs_f64() * 1e3;
        println!(
            "{name:20} {:>9.0} {:>12.1} {:>9.2} {:>9.2}",
            median(rounds.iter().map(|round| round.rates[n])),
            median(rounds.iter().map(|round| round.busy[n])) * 1e6,
            percentile(50),
            percentile(99),
        );
    }
    println!("{:20} {:>9.0}", "RS256 alone", median(rounds.iter().map(|round| round.verify)));
    println!(
        "calls/s over {CONNECTIONS} connections, p50 and p99 over {LATENCY_CONNECTIONS}; one thread serves, one is the load"
    );
}

fn print_ratios(rounds: &[Round]) {
    let limit = median(rounds.iter().map(|round| 1.0 / (1.0 + round.rates[0] / round.verify)));
    for (n, base, name) in [
        (2, 0, "with the check / endpoint alone"),
        (3, 0, "tokens remembered / endpoint alone"),
        (2, 1, "with the check / origin and CORS"),
        (3, 1, "tokens remembered / origin and CORS"),
    ] {
        let by_calls = median(rounds.iter().map(|round| round.rates[n] / round.rates[base]));
        let by_cpu = median(rounds.iter().map(|round| round.busy[base] / round.busy[n]));
        println!("{name:36} {by_calls:.2} by calls/s, {by_cpu:.2} by CPU time");
    }
    println!("{:36} {limit:.2} at the most, since RS256 takes its time", "any check / endpoint alone");
}

async fn print_memory(what: &str, server: &ServerThread, requests: &Arc<Vec<Vec<u8>>>) {
    // Piece by piece, since the load notes how long each call took.
    let piece = async || {
        let stop = Stop::Calls(MEMORY_TOKENS);
        Load { requests, connections: CONNECTIONS, stop }.run(server.address).await;
    };
    piece().await;
    let Some(before) = resident() else { return };
    for _ in 0..MEMORY_CALLS / MEMORY_TOKENS {
        piece().await;
    }
    let after = resident().unwrap_or_default();
    println!("memory, {what}: {before:.1} MiB before {MEMORY_CALLS} calls, {after:.1} MiB after (load included)");
}

/// Resident memory of this process in MiB; Linux only.
fn resident() -> Option<f64> {
    let status = std::fs::read_to_string("/proc/self/status").ok()?;
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:"))?;
    Some(line.trim().strip_suffix(" kB")?.parse::<f64>().ok()? / 1024.0)
}
