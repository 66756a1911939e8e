//! The client's way from an MCP server's URL to that server's metadata: RFC 9728 §5,
//! <https://www.rfc-editor.org/rfc/rfc9728#section-5>, in the order of MCP 2026-07-28,
//! Authorization Server Discovery.
//!
//! Request and check are apart: `*_request` functions ask, `check_*` functions decide, without a
//! network.

use shared::Reporter;
use shared::http::{Http, Response};
use shared::members::DocumentError;
use shared::{mcp, spec};

use crate::challenge::{self, Challenge};
use crate::error::DiscoveryError;
use crate::fetch::{AVAILABLE, FetchedMetadata, LIMITS, fetch_named, fetch_well_known};
use crate::further::challenge_faults;
use crate::further::first_response::{self, FirstResponse};
use crate::further::named_url;
use crate::metadata::ProtectedResourceMetadata;
use crate::rules;

/// What the client knows about an MCP server after this lesson.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Discovery {
    /// The URL that the user gave: later requests always send this one.
    pub server_url: String,
    /// The challenge of the 401, where there was one that could be read.
    pub challenge: Option<Challenge>,
    /// Where the metadata was found.
    pub metadata_url: String,
    /// The metadata, checked.
    pub metadata: ProtectedResourceMetadata,
    /// The first response, where no sign-in can make the server respond in another way.
    pub obstacle: Option<FirstResponse>,
}

/// From an MCP server's URL to its metadata, in four stages.
pub async fn discover(http: &Http, server_url: &str) -> Result<Discovery, DiscoveryError> {
    discover_after(http, server_url, None).await
}

/// The same, with the challenge of a 401 that came to a later request: a server may serve some
/// requests without a token, and name its metadata only where it refuses one.
pub async fn discover_after(
    http: &Http,
    server_url: &str,
    refusal: Option<&Response>,
) -> Result<Discovery, DiscoveryError> {
    let reporter = http.reporter();
    let (challenge, reason) = match refusal.and_then(challenge_with_metadata) {
        Some(challenge) => {
            reporter.note("The challenge of this 401 says where the server's metadata is.");
            (Some(challenge), None)
        }
        None => {
            reporter.stage("ask the MCP server without a token", &spec::MCP_CLIENT_CHALLENGE).await;
            let (response, reason) = ask_without_token(http, server_url).await?;

            reporter.stage("read the challenge", &spec::RFC9110_11_6_1).await;
            (check_challenge(reporter, &response), reason)
        }
    };

    reporter.stage("fetch the protected resource metadata", &spec::RFC9728_3).await;
    let named = challenge.as_ref().and_then(|challenge| challenge.parameter("resource_metadata"));
    let obstacle = reason.as_ref().and_then(DiscoveryError::obstacle).filter(|_| named.is_none());
    let found = match named {
        Some(url) => fetch_named(http, url, server_url).await?,
        // Where there is no metadata either, the first response says more about the reason.
        None => fetch_well_known(http, server_url).await.map_err(|error| match (error, reason) {
            (DiscoveryError::NotFound { .. }, Some(reason)) => reason,
            (error, _) => error,
        })?,
    };

    reporter.stage("check the metadata before using it", &spec::RFC9728_3_3).await;
    let metadata = check_metadata(reporter, &found)?;
    let metadata_url = found.response.url;
    Ok(Discovery { server_url: server_url.to_owned(), challenge, metadata_url, metadata, obstacle })
}

/// The challenge of a response, if it says where the metadata is.
fn challenge_with_metadata(response: &Response) -> Option<Challenge> {
    let (challenges, _) = challenge::of(response);
    challenge::bearer(&challenges).filter(|bearer| bearer.parameter("resource_metadata").is_some()).cloned()
}

/// The first request, as a client of MCP 2026-07-28 sends it; to a server that does not know that
/// version, as an older one does. Beside the response comes the reason why there may be no
/// metadata, which does not end discovery.
async fn ask_without_token(
    http: &Http,
    server_url: &str,
) -> Result<(Response, Option<DiscoveryError>), DiscoveryError> {
    named_url::check_server(server_url)?;
    let reporter = http.reporter();
    let mut response = http.send(&mcp::discover_request(server_url)).await.map_err(DiscoveryError::Server)?;
    if first_response::is_of_older_server(&response) {
        reporter
            .note("A server of an older MCP version refuses this first message, so the client tries the older one.");
        response = http.send(&mcp::initialize_request(server_url)).await.map_err(DiscoveryError::Server)?;
    }
    match response.status {
        401 => Ok((response, None)),
        // "Authorization is OPTIONAL for MCP implementations." (MCP 2026-07-28, Protocol
        // Requirements)
        200..=299 => {
            reporter.note(
                "The server responds without a token. It may require one later, so the client looks for its metadata.",
            );
            Ok((response, Some(DiscoveryError::NoSignIn { server_url: server_url.to_owned() })))
        }
        _ => {
            let odd = FirstResponse::of(server_url, &response);
            reporter.announce(format!("{odd} {} Its metadata is looked for all the same.", odd.fix()));
            Ok((response, Some(DiscoveryError::Unexpected(odd))))
        }
    }
}

/// "MCP clients MUST be able to parse WWW-Authenticate headers" (MCP 2026-07-28, Protected Resource
/// Metadata Discovery Requirements). `None` where there is nothing that a client could go by: then
/// the well-known URLs are tried.
fn check_challenge(reporter: &Reporter, response: &Response) -> Option<Challenge> {
    let fields = response.header_values("www-authenticate");
    let mut challenges = Vec::new();
    for field in &fields {
        let (parsed, fault) = challenge::parse(field);
        let seen = fault.as_ref().map_or_else(|| schemes(&parsed), |fault| format!("{fault}, in: {field}"));
        let advised = reporter.with_fix("The server's operator has to correct the header.");
        advised.recommend(&rules::CHALLENGE_READABLE, fault.is_none(), "WWW-Authenticate follows its grammar", seen);
        challenges.extend(parsed);
    }
    let bearer = challenge::bearer(&challenges).cloned();
    let parameter = |name: &str| bearer.as_ref().and_then(|challenge| challenge.parameter(name));
    let absent = if fields.is_empty() { "no WWW-Authenticate header" } else { "none in WWW-Authenticate" };
    let absent = challenge_faults::renamed(response).unwrap_or(absent.to_owned());
    let named = parameter("resource_metadata");
    reporter.recommend(
        &rules::CHALLENGE_NAMES_METADATA,
        named.is_some(),
        "the challenge names the metadata's URL in resource_metadata",
        named.unwrap_or(&absent),
    );
    if bearer.is_some() {
        let scope = parameter("scope");
        reporter.recommend(
            &rules::CHALLENGE_NAMES_SCOPE,
            scope.is_some(),
            "the challenge names the scopes to ask for",
            scope.unwrap_or("no scope"),
        );
        let error = parameter("error");
        reporter.recommend(
            &rules::CHALLENGE_WITHOUT_ERROR,
            error.is_none(),
            "no error code, since no token was sent",
            error.unwrap_or("no error"),
        );
    }
    bearer
}

fn schemes(challenges: &[Challenge]) -> String {
    let schemes: Vec<_> = challenges.iter().map(|challenge| challenge.scheme.as_str()).collect();
    format!("a challenge of the scheme {}", if schemes.is_empty() { "(none)".to_owned() } else { schemes.join(", ") })
}

/// What a document has to say to be used.
fn check_metadata(reporter: &Reporter, found: &FetchedMetadata) -> Result<ProtectedResourceMetadata, DiscoveryError> {
    let FetchedMetadata { response, .. } = found;
    let url = &response.url;
    reporter.require(&rules::METADATA_AVAILABLE, true, AVAILABLE, "HTTP 200").ok();
    reporter.require(&rules::METADATA_LIMITS, true, LIMITS, "it is").ok();
    // "return a JSON object using the application/json content type" (RFC 9728 §3.2)
    let got = response.media_type();
    reporter
        .require(&rules::METADATA_MEDIA_TYPE, got == "application/json", "served as application/json", &got)
        .map_err(|_| DiscoveryError::MediaType { url: url.clone(), got })?;
    let metadata = check_document(reporter, &response.body)
        .map_err(|error| DiscoveryError::Document { url: url.clone(), error })?;
    check_resource(reporter, found, &metadata)?;
    // "MUST include the authorization_servers field containing at least one authorization server"
    // (MCP 2026-07-28)
    let servers = &metadata.authorization_servers;
    let seen = if servers.is_empty() { "none".to_owned() } else { servers.join(", ") };
    reporter
        .require(&rules::AUTHORIZATION_SERVERS, !servers.is_empty(), "at least one authorization server", seen)
        .map_err(|_| DiscoveryError::NoAuthorizationServer { url: url.clone() })?;
    check_token_use(reporter, &metadata)?;
    Ok(metadata)
}

fn check_document(reporter: &Reporter, body: &[u8]) -> Result<ProtectedResourceMetadata, DocumentError> {
    let document = ProtectedResourceMetadata::from_json(body);
    let error = document.as_ref().err().map(ToString::to_string);
    let is_object = !matches!(document, Err(DocumentError::NotAnObject { .. }));
    let seen = error.as_deref().filter(|_| !is_object).unwrap_or("a JSON object");
    reporter.require(&rules::METADATA_OBJECT, is_object, "a JSON object", seen).ok();
    if is_object {
        let unusable = document.as_ref().map(|metadata| metadata.unusable.as_slice()).unwrap_or_default();
        let faults: Vec<_> = error.into_iter().chain(unusable.iter().map(ToString::to_string)).collect();
        let expected = "each member has the type that RFC 9728 §2 gives it";
        let seen = if faults.is_empty() { "every member has the required type".to_owned() } else { faults.join(", ") };
        reporter.require(&rules::METADATA_MEMBER_TYPES, faults.is_empty(), expected, seen).ok();
    }
    document
}

/// "If these values are not identical, the data contained in the response MUST NOT be used." (RFC
/// 9728 §3.3)
fn check_resource(
    reporter: &Reporter,
    found: &FetchedMetadata,
    metadata: &ProtectedResourceMetadata,
) -> Result<(), DiscoveryError> {
    let FetchedMetadata { resources, from_challenge, .. } = found;
    let rule = if *from_challenge { &rules::RESOURCE_OF_CHALLENGE } else { &rules::RESOURCE_OF_WELL_KNOWN };
    let expected = format!("resource is identical to {}", resources.join(" or "));
    let is_identical = resources.contains(&metadata.resource);
    reporter.require(rule, is_identical, expected, &metadata.resource).map_err(|_| DiscoveryError::ResourceMismatch {
        expected: resources.clone(),
        received: metadata.resource.clone(),
        from_challenge: *from_challenge,
    })
}

/// What the metadata says about tokens and scopes.
fn check_token_use(reporter: &Reporter, metadata: &ProtectedResourceMetadata) -> Result<(), DiscoveryError> {
    // Where the member is absent, RFC 9728 §2 says nothing about what the server takes.
    if let Some(methods) = &metadata.bearer_methods_supported {
        let has_header = methods.iter().any(|method| method == "header");
        let expected = "tokens are taken in the Authorization header";
        reporter
            .require(&rules::BEARER_HEADER, has_header, expected, methods.join(", "))
            .map_err(|_| DiscoveryError::NoBearerHeader { methods: methods.clone() })?;
    }
    let scopes = metadata.scopes_supported.as_deref();
    let got = scopes.map_or_else(|| "no scopes_supported".to_owned(), |scopes| scopes.join(" "));
    reporter.recommend(&rules::SCOPES_SUPPORTED, scopes.is_some(), "the metadata names the scopes", &got);
    let has_offline_access = scopes.is_some_and(|scopes| scopes.iter().any(|scope| scope == "offline_access"));
    reporter.recommend(&rules::NO_OFFLINE_ACCESS, !has_offline_access, "offline_access is not among the scopes", got);
    Ok(())
}
