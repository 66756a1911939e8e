//! The clients that this machine has registered, keyed by the authorization server that knows them.
//!
//! "Clients that … persist client credentials obtained via Dynamic Client Registration, MUST
//! associate those credentials with the specific authorization server that issued them, keyed by
//! the authorization server's issuer identifier." (MCP 2026-07-28)

use std::collections::BTreeMap;
use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use shared::kept::{Home, Locked};
use shared::members::without_value;
use shared::{Failure, Reporter};
use tokio::sync::{Mutex, MutexGuard};

use crate::client_information::ClientInformation;
use crate::way::Way;

const FILE: &str = "clients.json";
/// The version of the file's form.
const VERSION: u32 = 1;

/// One client at one authorization server.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Registration {
    /// How it was registered.
    pub way: Way,
    /// When, in seconds since 1970.
    pub registered_at: u64,
    /// The MCP servers that it has been used for.
    pub mcp_servers: Vec<String>,
    /// What was asked for.
    pub requested: Value,
    /// What the authorization server answered, credentials included.
    pub information: ClientInformation,
}

/// All clients, by issuer.
pub type Registrations = BTreeMap<String, Registration>;

#[derive(Serialize, Deserialize)]
struct File {
    version: u32,
    clients: Registrations,
}

/// Where clients are kept.
pub enum Store {
    /// In a file of this folder: for an authorization server that is still there tomorrow.
    Kept(Home, &'static str),
    /// In memory: for one inside this process, which forgets its clients when it ends.
    InMemory(Mutex<Registrations>),
}

impl Store {
    /// The store for an authorization server that stays, or not.
    pub fn for_idp(stays: bool, reporter: &Reporter) -> Result<Self, Failure> {
        Self::of_file(FILE, stays, reporter)
    }

    /// The same in another file: for clients that are not this user's own.
    pub fn of_file(file: &'static str, stays: bool, reporter: &Reporter) -> Result<Self, Failure> {
        if stays { Ok(Store::Kept(Home::of_user(reporter)?, file)) } else { Ok(Self::in_memory()) }
    }

    /// A store that ends with the run.
    pub fn in_memory() -> Self {
        Store::InMemory(Mutex::default())
    }

    /// Opens it for one run alone; a second run waits until this is dropped.
    pub async fn open(&self) -> Result<Opened<'_>, Failure> {
        match self {
            Store::InMemory(clients) => {
                let held = clients.lock().await;
                Ok(Opened { clients: held.clone(), held: Held::Memory(held) })
            }
            Store::Kept(home, file) => {
                let file = Locked::open(home, file).await?;
                let read = file.read()?.map(|bytes| read(&bytes)).transpose();
                let clients = read.map_err(|reason| unreadable(&file, &reason))?.unwrap_or_default();
                Ok(Opened { clients, held: Held::File(file) })
            }
        }
    }
}

fn read(bytes: &[u8]) -> Result<Registrations, String> {
    let file: File = serde_json::from_slice(bytes).map_err(|error| without_value(&error))?;
    match file.version {
        VERSION => Ok(file.clients),
        other => Err(format!("its version is {other}, and this program knows {VERSION}")),
    }
}

fn unreadable(file: &Locked, reason: &str) -> Failure {
    let path = file.path().display();
    Failure::new(
        "store.readable",
        format!("{path} is no store of clients: {reason}."),
        format!("Move {path} away; the next run registers again."),
    )
}

/// The clients, while no other run can change them.
#[must_use = "the store is free again when this is dropped"]
pub struct Opened<'a> {
    clients: Registrations,
    held: Held<'a>,
}

/// What other runs wait for, and what [`Opened::save`] writes to.
enum Held<'a> {
    File(Locked),
    Memory(MutexGuard<'a, Registrations>),
}

impl Opened<'_> {
    /// Keeps what has changed.
    pub fn save(&mut self) -> Result<(), Failure> {
        let clients = self.clients.clone();
        match &mut self.held {
            Held::Memory(held) => **held = clients,
            Held::File(file) => {
                let bytes = serde_json::to_vec_pretty(&File { version: VERSION, clients }).map_err(|error| {
                    Failure::new("store.writable", format!("The store cannot be written: {error}."), "")
                })?;
                file.write(&bytes)?;
            }
        }
        Ok(())
    }

    /// Where the clients are kept, for a person.
    pub fn place(&self) -> String {
        match &self.held {
            Held::File(file) => file.path().display().to_string(),
            Held::Memory(_) => "memory, for this run only".to_owned(),
        }
    }
}

impl Deref for Opened<'_> {
    type Target = Registrations;

    fn deref(&self) -> &Registrations {
        &self.clients
    }
}

impl DerefMut for Opened<'_> {
    fn deref_mut(&mut self) -> &mut Registrations {
        &mut self.clients
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;
    use shared::Secret;

    use super::*;

    fn registration() -> Registration {
        Registration {
            way: Way::Anonymous,
            registered_at: 1,
            mcp_servers: vec!["http://localhost:8000/mcp".to_owned()],
            requested: json!({"client_name": "x"}),
            information: ClientInformation::known("id", Some(Secret::new("secret"))),
        }
    }

    #[tokio::test]
    async fn what_is_saved_is_there_for_the_next_run() {
        let folder = shared::testing::private_folder();
        let store = Store::Kept(Home::at(folder.path()), FILE);
        let mut opened = store.open().await.unwrap();
        assert!(opened.is_empty());
        opened.insert("https://idp.example".to_owned(), registration());
        opened.save().unwrap();
        drop(opened);
        assert_eq!(store.open().await.unwrap()["https://idp.example"], registration());
    }

    #[tokio::test]
    async fn a_file_that_is_no_store_gets_a_sentence_and_is_left_alone() {
        let folder = shared::testing::private_folder();
        let store = Store::Kept(Home::at(folder.path()), FILE);
        for text in [
            "",
            "{",
            "[]",
            r#"{"version": 1}"#,
            r#"{"version": 1, "clients": "s3cr3t-0f-mine"}"#,
            r#"{"version": 2, "clients": {}}"#,
        ] {
            std::fs::write(folder.path().join(FILE), text).unwrap();
            let failure = store.open().await.err().unwrap();
            assert_eq!(failure.id, "store.readable");
            assert!(failure.fix.contains("Move ") && !failure.message.contains("s3cr3t"), "{failure}");
            assert_eq!(std::fs::read_to_string(folder.path().join(FILE)).unwrap(), text);
        }
    }
}
