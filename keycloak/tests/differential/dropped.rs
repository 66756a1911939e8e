//! Keycloak's quirks that the embedded IdP leaves out, since no lesson shows them: what is compared
//! of the responses to these requests, and why not more.

use super::normalised::{Compare, Row};

/// All but the sentence of an error, which no lesson prints.
const BUT_SENTENCE: Compare = Compare::AllBut(&["error_description"]);

const fn row(requests: &'static str, compare: Compare, reason: &'static str) -> Row {
    Row { requests, compare, reason }
}

pub const DROPPED: &[Row] = &[
    row(
        "GET /(nope|realms/nope.*|.well-known/.*)",
        Compare::Refusal,
        "Keycloak tells unknown realms from unknown paths; the embedded IdP has HTTP 404 for both",
    ),
    row(
        "(registration endpoint: GET|client's entry: POST|POST /realms/.*)",
        Compare::Refusal,
        "Keycloak has HTTP 404 in some places; the embedded IdP has HTTP 405 for a wrong method",
    ),
    row(
        "register: (Origin: .*|client_uri .*|logo_uri .*)",
        Compare::Nothing,
        "no lesson registers from a page or with these URIs, and the embedded IdP shows neither",
    ),
    row(
        "(read: with an Initial Access Token|delete: .*|update: no token)",
        BUT_SENTENCE,
        "one sentence for every token that does not open a client's entry",
    ),
    row("update: after the delete", Compare::Refusal, "Keycloak fails; the token is refused here"),
    row(
        "initial access(: (a second|.*\\}))?",
        Compare::AllBut(&["header location"]),
        "no lesson reads where an Initial Access Token is kept",
    ),
    row("initial access: another realm", Compare::Refusal, "the admin API's own sentence for an unknown realm"),
    row(
        "admin: (no type|another type|no provider|another provider|a priority that is no number|no JSON)",
        Compare::Refusal,
        "one refusal for every bad key provider; no lesson sends one",
    ),
    row(
        "document: (/another-.*|/no-client-id|/no-redirect-uris|/secret.*|a fragment|a query|a user name|dots|no path)",
        Compare::AllBut(&["page"]),
        "one sentence for a bad URL, and one for a bad document",
    ),
    row("document: /client-uri-elsewhere", Compare::Nothing, "the embedded IdP does not use client_uri"),
    row(
        "(authorize: (an unknown response mode|prompt none)|signed in, prompt login)",
        Compare::Nothing,
        "the embedded IdP knows no response mode but query, and no prompt but consent",
    ),
    row("authorize: no challenge", Compare::AllBut(&["header location"]), "one sentence for every bad challenge"),
    row(
        "authorize: a client without codes",
        Compare::AllBut(&["redirect error_description"]),
        "Keycloak's sentence is longer",
    ),
    row("a form from another browser", Compare::AllBut(&["page"]), "Keycloak's sentence is longer"),
    row(
        "assertion( with client_id)?: .*",
        Compare::Refusal,
        "one sentence for every bad assertion, but for one that was used before",
    ),
    row(
        "(token|revoke|token/introspect): (no assertion|assertion for audience 3)",
        BUT_SENTENCE,
        "the same at each endpoint",
    ),
    row(
        "(token: a client_secret_basic client that posts|revoke: the secret in another place)",
        BUT_SENTENCE,
        "one sentence for every bad secret",
    ),
    row("client credentials: a public client", BUT_SENTENCE, "one sentence for every client that may not"),
    row(
        "(dpop: )?refresh: (revoked|an older one was revoked)",
        BUT_SENTENCE,
        "one sentence for a session that has ended, and for one that the client has left",
    ),
    row(
        "introspect: of a client with an account",
        Compare::AllBut(&["username"]),
        "no lesson introspects such a token",
    ),
    row("introspect: hint refresh_token", Compare::Nothing, "the embedded IdP ignores hints (RFC 7662 §2.1)"),
    row(
        "revoke: (a token for registration|an ID token)",
        Compare::Nothing,
        "Keycloak has unsupported_token_type; the embedded IdP treats them as invalid tokens (RFC 7009 §2.2)",
    ),
    row(
        "exchange: (no subject|no type|two faults: no subject, no type)",
        BUT_SENTENCE,
        "one sentence for a subject token that is not named as an access token",
    ),
    row(
        "(dpop: )?exchange: (openid|not bound, a proof, openid)",
        Compare::Nothing,
        "no lesson exchanges a token for an ID token",
    ),
    row(
        r#"dpop: claims: \{"((jti|htm|htu|iat)":(\[\]|\{\})|iat":("x"|true))\}"#,
        BUT_SENTENCE,
        "a claim of another type counts as missing",
    ),
    row(
        "dpop: the header: (a header of nothing|a header that is a list|an access token|claims that are a list)",
        BUT_SENTENCE,
        "the same for a header and for claims that are not objects",
    ),
    row(
        "dpop: dpop_jkt: (a jkt of nobody's|a jkt with padding|another key|no proof|the longest jkt)",
        BUT_SENTENCE,
        "the sentences are those of a bound refresh token",
    ),
];
