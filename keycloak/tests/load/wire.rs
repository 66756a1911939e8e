//! A connection that sends one request after the other, and a form's encoding.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::TcpStream;
use std::time::Duration;

use url::form_urlencoded;

/// Seconds for one response, against a server that hangs.
const PATIENCE: u64 = 60;

pub struct Connection {
    reader: BufReader<TcpStream>,
    port: u16,
}

#[derive(Debug)]
pub struct Reply {
    pub status: u16,
    pub headers: Vec<(String, String)>,
    pub body: String,
}

impl Reply {
    pub fn header(&self, name: &str) -> &str {
        let found = self.headers.iter().find(|(known, _)| known.eq_ignore_ascii_case(name));
        found.map_or("", |(_, value)| value)
    }
}

impl Connection {
    pub fn open(port: u16) -> Self {
        let stream = TcpStream::connect(("127.0.0.1", port)).unwrap();
        stream.set_nodelay(true).unwrap();
        stream.set_read_timeout(Some(Duration::from_secs(PATIENCE))).unwrap();
        Self { reader: BufReader::new(stream), port }
    }

    pub fn send(&mut self, method: &str, target: &str, headers: &[(&str, &str)], body: &str) -> Reply {
        let mut request = format!("{method} {target} HTTP/1.1\r\nHost: localhost:{}\r\n", self.port);
        for (name, value) in headers {
            request.push_str(&format!("{name}: {value}\r\n"));
        }
        request.push_str(&format!("Content-Length: {}\r\n\r\n{body}", body.len()));
        self.reader.get_mut().write_all(request.as_bytes()).unwrap();
        self.reply()
    }

    pub fn get(&mut self, target: &str) -> Reply {
        self.send("GET", target, &[], "")
    }

    pub fn form(&mut self, target: &str, headers: &[(&str, &str)], fields: &[(&str, &str)]) -> Reply {
        let form = ("Content-Type", "application/x-www-form-urlencoded");
        self.send("POST", target, &[&[form], headers].concat(), &encoded(fields))
    }

    fn line(&mut self) -> String {
        let mut line = String::new();
        self.reader.read_line(&mut line).unwrap();
        line.trim_end().to_owned()
    }

    fn reply(&mut self) -> Reply {
        let first = self.line();
        let status = first.split(' ').nth(1).and_then(|status| status.parse().ok());
        let mut reply = Reply { status: status.unwrap_or_default(), headers: vec![], body: String::new() };
        loop {
            let line = self.line();
            let Some((name, value)) = line.split_once(':') else { break };
            reply.headers.push((name.to_owned(), value.trim().to_owned()));
        }
        let mut body = vec![0; reply.header("content-length").parse().unwrap_or_default()];
        self.reader.read_exact(&mut body).unwrap();
        reply.body = String::from_utf8(body).unwrap();
        reply
    }
}

pub fn encoded(fields: &[(&str, &str)]) -> String {
    form_urlencoded::Serializer::new(String::new()).extend_pairs(fields).finish()
}
