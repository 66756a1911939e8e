//! Lines that a person pastes into the terminal while the program waits for something else too.
//!
//! A thread that is blocked in a read of the keyboard would outlive the wait and take what is typed
//! next. So reads do not block here, and a person does not notice the pauses between them. (The
//! terminals of macOS cannot be waited for like sockets.) What is pasted may hold a secret, so the
//! terminal does not echo it.

#[cfg(unix)]
pub use unix::PastedLines;

/// Elsewhere nothing can be pasted.
#[cfg(not(unix))]
pub struct PastedLines(std::convert::Infallible);

#[cfg(not(unix))]
impl PastedLines {
    /// There is no such terminal here.
    pub fn open() -> Option<Self> {
        None
    }

    pub async fn next(&mut self) -> String {
        match self.0 {}
    }
}

#[cfg(unix)]
mod unix {
    use std::io::{self, IsTerminal};
    use std::os::fd::OwnedFd;
    use std::time::Duration;

    use rustix::fs::{Mode, OFlags};
    use rustix::io::Errno;

    use crate::prompt;

    /// Bytes of a line, at most; what follows them up to its end is dropped.
    const LINE_BYTES: usize = 16 * 1024;
    /// The time between two looks at a terminal where nothing was typed.
    const PAUSE: Duration = Duration::from_millis(50);

    const BACKSPACE: u8 = 0x08;
    const DELETE: u8 = 0x7f;
    /// Ctrl-U: clears the line.
    const KILL: u8 = 0x15;

    /// The terminal of the standard input. It echoes nothing until this is dropped.
    pub struct PastedLines {
        terminal: OwnedFd,
        line: Vec<u8>,
        unread: Vec<u8>,
    }

    impl PastedLines {
        /// `None` where no person is at a terminal.
        pub fn open() -> Option<Self> {
            if !io::stdin().is_terminal() || !io::stdout().is_terminal() {
                return None;
            }
            // It is opened once more: reads that do not block are a property that every program
            // with the same open terminal would get.
            let name = rustix::termios::ttyname(io::stdin(), Vec::new()).ok()?;
            let flags = OFlags::RDONLY | OFlags::NONBLOCK | OFlags::NOCTTY | OFlags::CLOEXEC;
            let terminal = rustix::fs::open(name.as_c_str(), flags, Mode::empty()).ok()?;
            prompt::read_hidden(&terminal)?;
            Some(Self { terminal, line: Vec::new(), unread: Vec::new() })
        }

        /// The next line. The future can be dropped at any time: nothing is lost.
        pub async fn next(&mut self) -> String {
            loop {
                if let Some(line) = self.take_line() {
                    return line;
                }
                self.read().await;
            }
        }

        /// A whole line of what was read, if there is one.
        fn take_line(&mut self) -> Option<String> {
            while !self.unread.is_empty() {
                match self.unread.remove(0) {
                    b'\n' | b'\r' => {
                        let line = std::mem::take(&mut self.line);
                        return Some(String::from_utf8_lossy(&line).trim().to_owned());
                    }
                    BACKSPACE | DELETE => drop(self.line.pop()),
                    KILL => self.line.clear(),
                    byte if self.line.len() < LINE_BYTES => self.line.push(byte),
                    _ => {}
                }
            }
            None
        }

        async fn read(&mut self) {
            let mut bytes = [0; 1024];
            // A program in the background that reads would be stopped.
            let is_here = prompt::is_in_foreground(&self.terminal);
            match if is_here { rustix::io::read(&self.terminal, &mut bytes) } else { Ok(0) } {
                Ok(0) | Err(Errno::AGAIN | Errno::INTR) => tokio::time::sleep(PAUSE).await,
                Ok(length) => self.unread.extend_from_slice(&bytes[..length]),
                // The terminal is gone: nothing will come from it.
                Err(_) => std::future::pending().await,
            }
        }
    }

    impl Drop for PastedLines {
        fn drop(&mut self) {
            prompt::restore_terminal();
        }
    }
}
