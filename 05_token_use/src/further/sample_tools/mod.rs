//! The tools of this lesson's server, which work on samples: nothing here is OAuth.

mod folder;
pub mod mcp_server;

use std::sync::LazyLock;

use rmcp::model::{JsonObject, Tool, ToolAnnotations};
use serde_json::{Value, json};
use shared::Failure;

use crate::access_token::AccessToken;
use crate::further::sample_tools::folder::SampleFolder;
use crate::further::sample_tools::mcp_server::{Caller, Toolbox};

/// The weather that this server knows.
const WEATHER: &[(&str, &str)] =
    &[("Berlin", "4 °C, rain"), ("Lisbon", "17 °C, sunny"), ("Oslo", "-3 °C, snow"), ("Tokyo", "13 °C, clouds")];

/// The tools that work on samples.
pub struct SampleTools {
    folder: SampleFolder,
}

impl SampleTools {
    /// Tools that work in a folder of their own.
    pub fn create() -> Result<Self, Failure> {
        Ok(Self { folder: SampleFolder::create()? })
    }
}

impl Toolbox for SampleTools {
    fn tools(&self) -> &[Tool] {
        &ALL
    }

    async fn call(&self, name: &str, arguments: &JsonObject, caller: &Caller<'_>) -> Result<String, String> {
        let text = |name: &str| {
            arguments
                .get(name)
                .and_then(Value::as_str)
                .ok_or(format!("The argument {name} is missing, or it is not a text."))
        };
        match name {
            "get_weather" => text("city").and_then(weather),
            "list_files" => {
                let folder = if arguments.contains_key("folder") { text("folder") } else { Ok(".") };
                folder.and_then(|folder| self.folder.list(folder)).map(|names| names.join("\n"))
            }
            "save_note" => text("name").and_then(|name| self.folder.save_note(name, text("text")?)),
            _ => profile(caller.token.as_deref()),
        }
    }
}

fn weather(city: &str) -> Result<String, String> {
    let found = WEATHER.iter().find(|(known, _)| known.eq_ignore_ascii_case(city));
    found.map(|(city, weather)| format!("{city}: {weather}")).ok_or_else(|| {
        let known: Vec<_> = WEATHER.iter().map(|(city, _)| *city).collect();
        format!("This server knows the weather in {}.", known.join(", "))
    })
}

/// What the token says of its user; whose it is, is `sub`, and nothing that the client could
/// choose.
pub fn profile(token: Option<&AccessToken>) -> Result<String, String> {
    let token = token.ok_or("There is no token, so there is no user.")?;
    let members = ["preferred_username", "name", "email"];
    let mut profile = JsonObject::from_iter([("sub".to_owned(), json!(token.subject()))]);
    for name in members {
        profile.extend(token.claims.get(name).map(|value| (name.to_owned(), value.clone())));
    }
    profile.insert("scopes".to_owned(), json!(token.scopes));
    profile.insert("roles".to_owned(), json!(token.roles));
    Ok(Value::Object(profile).to_string())
}

/// The tools, described once.
static ALL: LazyLock<Vec<Tool>> = LazyLock::new(all);

fn all() -> Vec<Tool> {
    let reads = || ToolAnnotations::new().read_only(true);
    let text = |description: &str| json!({"type": "string", "description": description});
    vec![
        tool("get_user_profile", "What the access token says about its user", json!({}), &[]).with_annotations(reads()),
        tool(
            "get_weather",
            "The weather in a city (a sample, always the same)",
            json!({"city": text("For example Oslo")}),
            &["city"],
        )
        .with_annotations(reads()),
        tool(
            "list_files",
            "The files of a sample folder",
            json!({"folder": text("A subfolder; by default the top folder")}),
            &[],
        )
        .with_annotations(reads()),
        tool(
            "save_note",
            "Saves a note in the sample folder",
            json!({"name": text("Letters, digits, - and _"), "text": text("The note")}),
            &["name", "text"],
        )
        .with_annotations(ToolAnnotations::new().read_only(false).destructive(false)),
    ]
}

/// A tool and what it takes.
pub fn tool(name: &'static str, description: &'static str, properties: Value, required: &[&str]) -> Tool {
    let schema =
        json!({"type": "object", "properties": properties, "required": required, "additionalProperties": false});
    let Value::Object(schema) = schema else { return Tool::new(name, description, JsonObject::new()) };
    Tool::new(name, description, schema)
}
