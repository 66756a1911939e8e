//! Ctrl-C, and the request to terminate, whatever the story is doing.
//!
//! The story may be busy without ever waiting, or may wait for something that cannot be stopped;
//! so signals are waited for on a thread of their own. The first one asks the story to end. If it
//! does not, this thread ends the process, and a second signal ends it at once.

use std::process;
use std::sync::mpsc;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;
use std::time::Duration;

use tokio::sync::{Notify, oneshot};

/// A story that has not ended by then, after the first signal, is ended with the process.
const GRACE: Duration = Duration::from_secs(2);
/// What is still to be printed then may take this long: whoever prints may be what is stuck.
const LAST_WORDS: Duration = Duration::from_secs(1);

/// The thread that waits for signals, until this is dropped.
pub(crate) struct Signals {
    first: Arc<Notify>,
    /// Whether somebody has begun to print the outcome.
    is_over: Arc<Mutex<bool>>,
    _end: oneshot::Sender<()>,
}

impl Signals {
    /// Begins to wait; signals are caught when this returns. `last_words` prints the outcome of a
    /// story that had to be ended, and says whether it holds.
    pub(crate) fn watch(last_words: impl FnOnce() -> bool + Send + 'static) -> Self {
        let (first, is_over) = (Arc::new(Notify::new()), Arc::new(Mutex::new(false)));
        let (end, ended) = oneshot::channel();
        let (caught, catching) = mpsc::channel();
        let watched = (first.clone(), is_over.clone());
        thread::spawn(move || {
            let Ok(runtime) = tokio::runtime::Builder::new_current_thread().enable_all().build() else { return };
            runtime.block_on(async {
                let Some(signal) = signal_listener() else { return };
                let _ = caught.send(());
                tokio::select! {
                    () = wait(signal, watched.0, watched.1, last_words) => {}
                    _ = ended => {}
                }
            });
        });
        // Without the thread, or without its signals, a signal ends the process as it always does.
        let _ = catching.recv();
        Self { first, is_over, _end: end }
    }

    /// Waits for the first signal.
    pub(crate) async fn first(&self) {
        self.first.notified().await;
    }

    /// The story has ended: its outcome is printed by whoever ran it, unless the process is ending
    /// already.
    pub(crate) fn story_is_over(&self) {
        while is_claimed(&self.is_over) {
            thread::park();
        }
    }
}

/// Claims the outcome, unless it is claimed.
fn is_claimed(is_over: &Mutex<bool>) -> bool {
    std::mem::replace(&mut *is_over.lock().unwrap_or_else(PoisonError::into_inner), true)
}

async fn wait(
    mut signal: Listener,
    first: Arc<Notify>,
    is_over: Arc<Mutex<bool>>,
    last_words: impl FnOnce() -> bool + Send + 'static,
) {
    signal.next().await;
    first.notify_one();
    let in_time = tokio::time::timeout(GRACE, signal.next()).await;
    if in_time.is_ok() {
        exit(1);
    }
    if is_claimed(&is_over) {
        // It is printing; a second signal does not wait for that.
        signal.next().await;
        exit(1);
    }
    let (said, saying) = oneshot::channel();
    thread::spawn(move || said.send(last_words()));
    let ok = tokio::select! {
        said = tokio::time::timeout(LAST_WORDS, saying) => said.is_ok_and(|said| said == Ok(true)),
        () = signal.next() => false,
    };
    exit(i32::from(!ok));
}

/// Ends the process, with the terminal as it was before.
fn exit(code: i32) -> ! {
    #[cfg(feature = "kept")]
    crate::prompt::restore_terminal();
    process::exit(code)
}

/// What tells of each signal.
struct Listener {
    #[cfg(unix)]
    interrupt: tokio::signal::unix::Signal,
    #[cfg(unix)]
    terminate: tokio::signal::unix::Signal,
}

#[cfg(unix)]
fn signal_listener() -> Option<Listener> {
    use tokio::signal::unix::{SignalKind, signal};
    let (interrupt, terminate) = (signal(SignalKind::interrupt()).ok()?, signal(SignalKind::terminate()).ok()?);
    Some(Listener { interrupt, terminate })
}

#[cfg(not(unix))]
fn signal_listener() -> Option<Listener> {
    Some(Listener {})
}

impl Listener {
    #[cfg(unix)]
    async fn next(&mut self) {
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
        }
    }

    #[cfg(not(unix))]
    async fn next(&mut self) {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
