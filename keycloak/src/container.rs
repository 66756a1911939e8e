//! For tests: Keycloak in a container, with the realm of `realm-export.json`.
//!
//! Where the image `mcp-oauth-keycloak:26.7.3` is there and holds today's realm file
//! (`.ci/keycloak-image` makes it), it starts within seconds: Keycloak is built and the realm
//! imported in it. Else the official image imports the realm at start, which takes most of a
//! minute.

use std::net::Ipv4Addr;
use std::time::{Duration, Instant};

use ring::digest;
use serde_json::json;
use shared::Reporter;
use shared::http::{Http, Request};
use shared::reach::{Privacy, Reach};
use shared::testing::ReservedPort;
use testcontainers::bollard::Docker;
use testcontainers::core::client::docker_client_instance;
use testcontainers::core::error::ClientError;
use testcontainers::core::wait::HttpWaitStrategy;
use testcontainers::core::{Host, IntoContainerPort, WaitFor};
use testcontainers::runners::AsyncRunner;
use testcontainers::{ContainerAsync, ContainerRequest, GenericImage, ImageExt, TestcontainersError};
use url::form_urlencoded;

use crate::realm::{SERVERS, SHIPPED, issuer_at};

mod admin;

use admin::Admin;
pub use admin::Asserter;

/// The version that the tests are written for.
pub const VERSION: &str = "26.7.3";
/// Which features of Keycloak are on beside those that are by default.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Features {
    /// `cimd`, as in `compose.yaml`.
    Cimd,
    /// `cimd` and `resource-indicators`.
    ResourceIndicators,
    /// `cimd` and `identity-assertion-jwt`.
    IdentityAssertion,
    /// None.
    Stock,
}

/// The features of the prepared image.
const PREPARED: &str = "cimd";
/// The port inside the container.
const PORT: u16 = 8080;
/// Answers 200 when the realm is there.
const READY: &str = "/.well-known/openid-configuration";
/// Seconds after which a container that does not answer has failed.
const START_SECONDS: u64 = 900;
/// Time for one request that asks whether the realm is there.
const ASK: Duration = Duration::from_secs(10);

/// A running Keycloak. Call [`Keycloak::remove`] when it is no longer needed.
pub struct Keycloak {
    container: ContainerAsync<GenericImage>,
    issuer: String,
    _port: ReservedPort,
}

/// Why there is no Keycloak.
#[derive(Debug)]
pub enum NotStarted {
    /// This machine cannot run it: no engine, or no image and none to be had. Tests are skipped.
    Impossible(String),
    /// It should have run. Tests fail.
    Failed(String),
}

impl Keycloak {
    /// Starts a container and waits until the realm's metadata answers 200: the port opens long
    /// before the realm is there.
    pub async fn start(features: Features) -> Result<Self, NotStarted> {
        // A port that is kept when the container is stopped and started again: the issuer has it in
        // its name.
        let reserved = ReservedPort::take();
        // testcontainers asks the container over http with a client of its own.
        shared::http::choose_cryptography();
        let engine = docker_client_instance().await.map_err(no_engine)?;
        engine.ping().await.map_err(no_engine)?;
        let request = request(&engine, features).await?.with_mapped_port(reserved.number(), PORT.tcp());
        let container = request.start().await.map_err(not_started)?;
        let port = container.get_host_port_ipv4(PORT).await.map_err(not_started)?;
        // The engine's own idea of its host can be a bridge address even where the port is on this
        // machine too.
        let host = match tokio::net::TcpStream::connect((Ipv4Addr::LOCALHOST, port)).await {
            Ok(_) => "localhost".to_owned(),
            Err(_) => container.get_host().await.map_err(not_started)?.to_string(),
        };
        Ok(Self { container, issuer: issuer_at(&format!("http://{host}:{port}")), _port: reserved })
    }

    /// The realm's issuer identifier; Keycloak takes it from the host that it is asked under.
    pub fn issuer(&self) -> &str {
        &self.issuer
    }

    /// Has the realm know its two MCP servers by these URLs instead of those of its file: for tests
    /// whose servers listen elsewhere.
    pub async fn rename_resources(&self, urls: &[String; 2]) -> Result<(), TestcontainersError> {
        let admin = Admin::sign_in(&self.issuer).await?;
        for (old, new) in SERVERS.into_iter().zip(urls) {
            let query: String = form_urlencoded::byte_serialize(old.as_bytes()).collect();
            for mut client in admin.list(&format!("clients?clientId={query}")).await? {
                client["clientId"] = json!(new);
                client["attributes"]["resource_url"] = json!(new);
                let path = format!("clients/{}", client["id"].as_str().unwrap_or_default());
                admin.put(&path, &client).await?;
            }
            for scope in admin.list("client-scopes").await? {
                for mapper in scope["protocolMappers"].as_array().into_iter().flatten() {
                    if mapper["config"]["included.client.audience"] != old {
                        continue;
                    }
                    let mut mapper = mapper.clone();
                    mapper["config"]["included.client.audience"] = json!(new);
                    let [scope, id] = [&scope["id"], &mapper["id"]].map(|id| id.as_str().unwrap_or_default());
                    admin.put(&format!("client-scopes/{scope}/protocol-mappers/models/{id}"), &mapper).await?;
                }
            }
        }
        Ok(())
    }

    /// Stops it; what it knew stays in the container.
    pub async fn stop(&self) -> Result<(), TestcontainersError> {
        self.container.stop().await
    }

    /// Starts it again, at the same port, and waits until the realm is there.
    pub async fn start_again(&self) -> Result<(), TestcontainersError> {
        self.container.start().await?;
        let deadline = Instant::now() + Duration::from_secs(START_SECONDS);
        let reach = Reach::public_only().limit(Privacy::Loopback);
        let http = Http::new(Reporter::silent(), reach).map_err(TestcontainersError::other)?;
        while Instant::now() < deadline {
            if http
                .send(&Request::get(&format!("{}{READY}", self.issuer)))
                .await
                .is_ok_and(|response| response.status == 200)
            {
                return Ok(());
            }
            tokio::time::sleep(Duration::from_millis(200)).await;
        }
        Err(TestcontainersError::other("Keycloak did not come back"))
    }

    /// Stops and removes the container.
    pub async fn remove(self) -> Result<(), TestcontainersError> {
        self.container.rm().await
    }
}

async fn request(engine: &Docker, features: Features) -> Result<ContainerRequest<GenericImage>, NotStarted> {
    // The wait's own client has no time limit: a request that is lost while Keycloak starts would
    // be waited for until the start has failed.
    let asking = reqwest::Client::builder().timeout(ASK).no_proxy().build();
    let asking = asking.map_err(|error| NotStarted::Failed(format!("There is no HTTP client: {error}.")))?;
    let ready = HttpWaitStrategy::new(format!("/realms/mcp-oauth{READY}"))
        .with_client(asking)
        .with_port(PORT.tcp())
        .with_expected_status_code(200_u16);
    let image = |name: &str, tag: &str| {
        GenericImage::new(name, tag).with_exposed_port(PORT.tcp()).with_wait_for(WaitFor::http(ready))
    };
    let request = from_image(engine, features, image).await;
    // Documents about clients are on the machine that runs the tests.
    Ok(request
        .with_host("host.docker.internal", Host::HostGateway)
        .with_startup_timeout(Duration::from_secs(START_SECONDS)))
}

async fn from_image(
    engine: &Docker,
    features: Features,
    image: impl FnOnce(&str, &str) -> GenericImage,
) -> ContainerRequest<GenericImage> {
    match std::env::var("KEYCLOAK_IMAGE").ok().filter(|image| !image.is_empty()) {
        None if features == Features::Cimd && prepared_image_fits(engine).await => {
            image("mcp-oauth-keycloak", VERSION).into()
        }
        None => official(image("quay.io/keycloak/keycloak", VERSION), features),
        Some(chosen) => {
            let (name, tag) = chosen.rsplit_once(':').unwrap_or((&chosen, "latest"));
            official(image(name, tag), features)
        }
    }
}

fn official(image: GenericImage, features: Features) -> ContainerRequest<GenericImage> {
    let features = match features {
        Features::Cimd => &["--features=cimd"][..],
        Features::ResourceIndicators => &["--features=cimd,resource-indicators"],
        Features::IdentityAssertion => &["--features=cimd,identity-assertion-jwt"],
        Features::Stock => &[],
    };
    image
        .with_cmd(["start-dev", "--import-realm"].iter().chain(features).copied())
        .with_env_var("KC_BOOTSTRAP_ADMIN_USERNAME", "admin")
        .with_env_var("KC_BOOTSTRAP_ADMIN_PASSWORD", "admin123")
        .with_copy_to("/opt/keycloak/data/import/realm-export.json", SHIPPED.as_bytes().to_vec())
}

/// Whether the prepared image is there and made from the realm file that this program was built
/// with.
async fn prepared_image_fits(engine: &Docker) -> bool {
    let found = engine.inspect_image(&format!("mcp-oauth-keycloak:{VERSION}")).await;
    let labels = found.ok().and_then(|image| image.config).and_then(|config| config.labels).unwrap_or_default();
    let hash = digest::digest(&digest::SHA256, SHIPPED.as_bytes());
    let hex: String = hash.as_ref().iter().map(|byte| format!("{byte:02x}")).collect();
    labels.get("org.mcp-oauth.realm-sha256") == Some(&hex)
        && labels.get("org.mcp-oauth.features").is_some_and(|features| features == PREPARED)
}

fn no_engine(error: impl std::fmt::Display) -> NotStarted {
    NotStarted::Impossible(format!("no Docker engine answers ({error})"))
}

fn not_started(error: TestcontainersError) -> NotStarted {
    match error {
        TestcontainersError::Client(ClientError::PullImage { descriptor, err }) => {
            NotStarted::Impossible(format!("the image {descriptor} is not here and cannot be pulled ({err})"))
        }
        other => NotStarted::Failed(format!("Keycloak did not start: {other}")),
    }
}
