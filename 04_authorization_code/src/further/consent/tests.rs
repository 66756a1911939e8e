use shared::page;

use super::*;

/// A consent page of a product, what a browser sends for yes, and what for no.
type Page = (&'static str, &'static str, Option<&'static str>, Option<&'static str>);

/// The forms as the products write them, shortened to what counts.
const PAGES: &[Page] = &[
    (
        "Keycloak",
        r#"<form action="/a" method="POST"><input type="hidden" name="code" value="c1">
           <input name="accept" id="kc-login" type="submit" value="Yes"/>
           <input name="cancel" id="kc-cancel" type="submit" value="No"/></form>"#,
        Some("code=c1&accept=Yes"),
        Some("code=c1&cancel=No"),
    ),
    (
        "Keycloak, in German",
        r#"<form method=post><input type=submit name=accept value=Ja><input type=submit name=cancel value=Nein></form>"#,
        Some("accept=Ja"),
        Some("cancel=Nein"),
    ),
    (
        "Ory Hydra's reference application",
        r#"<form action="/consent" method="POST"><input type="hidden" name="challenge" value="c">
           <input type="checkbox" id="mcp:read" value="mcp:read" name="grant_scope">
           <input type="checkbox" id="remember" name="remember" value="1">
           <input type="submit" id="accept" name="submit" value="Allow access">
           <input type="submit" id="reject" name="submit" value="Deny access"></form>"#,
        Some("challenge=c&grant_scope=mcp:read&submit=Allow access"),
        Some("challenge=c&submit=Deny access"),
    ),
    (
        "django-oauth-toolkit",
        r#"<form id="authorizationForm" method="post"><input type="hidden" name="allow" value="False">
           <input type="submit" class="btn" value="Cancel">
           <input type="submit" class="btn" name="allow" value="Authorize"></form>"#,
        Some("allow=False&allow=Authorize"),
        Some("allow=False"),
    ),
    (
        "FastMCP",
        r#"<form id="consentForm" method="POST" action=""><input type="hidden" name="txn_id" value="t">
           <input type="hidden" name="submit" value="true">
           <button type="submit" name="action" value="approve" class="btn-approve">Allow Access</button>
           <button type="submit" name="action" value="deny" class="btn-deny">Deny</button></form>"#,
        Some("txn_id=t&submit=true&action=approve"),
        Some("txn_id=t&submit=true&action=deny"),
    ),
    (
        "Auth0",
        r#"<form method="POST"><input type="hidden" name="state" value="s">
           <button type="submit" name="action" value="decline">Decline</button>
           <button type="submit" name="action" value="accept">Accept</button></form>"#,
        Some("state=s&action=accept"),
        Some("state=s&action=decline"),
    ),
    (
        "Okta",
        r#"<form method=post><input type="submit" value="Don&#39;t Allow"><input type="submit" name=ok value="Allow Access"></form>"#,
        Some("ok=Allow Access"),
        Some(""),
    ),
    (
        "oidc-provider: one button, and a link back",
        r#"<form autocomplete="off" action="/interaction/u/confirm" method="post">
           <input type="hidden" name="prompt" value="consent"><button autofocus type="submit">Continue</button></form>
           <a href="/interaction/u/abort">[ Cancel ]</a>"#,
        Some("prompt=consent"),
        None,
    ),
    (
        "Spring Authorization Server: the user ticks the scopes",
        r#"<form name="consent_form" method="post"><input type="hidden" name="state" value="s">
           <input type="checkbox" name="scope" value="mcp:read"><input type="checkbox" name="scope" value="old" disabled>
           <button type="submit" id="submit-consent">Submit Consent</button>
           <button type="button" id="cancel-consent">Cancel</button></form>"#,
        Some("state=s&scope=mcp:read"),
        None,
    ),
    (
        "Doorkeeper: a form for each decision",
        r#"<form action="/no" method="post"><input type="hidden" name="_method" value="delete">
           <input type="submit" name="commit" value="Deny"></form><form action="/yes" method="post">
           <input type="hidden" name="client_id" value="c"><input type="submit" name="commit" value="Authorize"></form>"#,
        Some("client_id=c&commit=Authorize"),
        Some("_method=delete&commit=Deny"),
    ),
    (
        "Dex: buttons without names",
        r#"<form method="post"><input type="hidden" name="approval" value="approve"><button type="submit">
           <span>Grant Access</span></button></form><form method="post">
           <input type="hidden" name="approval" value="rejected"><button type="submit"><span>Cancel</span></button></form>"#,
        Some("approval=approve"),
        Some("approval=rejected"),
    ),
    (
        "GitHub: both buttons have one name",
        r#"<form method="post"><button type="submit" name="authorize" value="0">Cancel</button>
           <button type="submit" name="authorize" value="1">Authorize Example</button></form>"#,
        Some("authorize=1"),
        Some("authorize=0"),
    ),
    (
        "OpenIddict",
        r#"<form method="post"><input name="submit.Accept" type="submit" value="Ja">
           <input name="submit.Deny" type="submit" value="Nein"></form>"#,
        Some("submit.Accept=Ja"),
        Some("submit.Deny=Nein"),
    ),
    (
        "MITREid",
        r#"<form method=post><input type="hidden" name="user_oauth_approval" value="true">
           <input name="authorize" value="Authorize" type="submit"><input name="deny" value="Deny" type="submit"></form>"#,
        Some("user_oauth_approval=true&authorize=Authorize"),
        Some("user_oauth_approval=true&deny=Deny"),
    ),
    (
        "Gitea",
        r#"<form method="post"><button type="submit" id="authorize-app" name="granted" value="true">Authorize Application</button>
           <button type="submit" name="granted" value="false">Cancel</button></form>"#,
        Some("granted=true"),
        Some("granted=false"),
    ),
    (
        "a choice that is made already",
        r#"<form method=post><input type=radio name=for value=once checked><input type=radio name=for value=always>
           <input type=checkbox name=agree><button>Yes, I agree</button></form>"#,
        Some("for=once&agree=on"),
        None,
    ),
    ("no is yes turned round", "<form><button name=x>Do not allow</button></form>", None, None),
    ("one word", "<form><button name=x>Disallow</button></form>", None, None),
    ("a label against its value", "<form><button name=x value=deny>Allow</button></form>", None, None),
    ("something to type in", "<form><input name=q><button>Allow</button></form>", None, None),
    ("something to choose", "<form><select name=q><option>a</select><button>Allow</button></form>", None, None),
    ("another IdP", "<form method=post><button>Continue with Example Mail</button></form>", None, None),
    ("another account", "<form method=post><button>Yes, use another account</button></form>", None, None),
    ("the end of the session", "<form method=post><button name=submit>Sign out</button></form>", None, None),
    (
        "the end of the session, in German",
        "<form><button name=submit value=logout>Abmelden</button></form>",
        None,
        None,
    ),
    ("cookies", "<form method=post><button name=accept>Accept all cookies</button></form>", None, None),
    ("a script's page", r#"<div id="root"></div><button onclick="allow()">Allow</button>"#, None, None),
    ("a page of another language", "<form method=post><button>Weiter</button></form>", None, None),
];

#[test]
fn the_consent_pages_of_many_products_are_read() {
    for (product, html, yes, no) in PAGES {
        let forms = page::forms(html);
        for (denies, expected) in [(false, yes), (true, no)] {
            let sent = find(&forms, denies).map(|consent| {
                let pairs = consent.fields(denies).into_iter().map(|(name, value)| format!("{name}={value}"));
                pairs.collect::<Vec<_>>().join("&")
            });
            assert_eq!(sent.as_deref(), *expected, "{product}, denies: {denies}");
        }
    }
}

#[test]
fn a_name_is_taken_apart_into_words() {
    for (text, expected) in [
        ("Don’t allow", "dont allow"),
        ("submit.Accept", "submit accept"),
        ("btnAllow_access-now", "btn allow access now"),
        ("  ALLOW  ", "allow"),
        ("Ünlü Çık", "ünlü çık"),
        ("…", ""),
    ] {
        assert_eq!(words(text).join(" "), expected, "{text}");
    }
}

#[test]
fn a_label_is_shown_up_to_its_limit() {
    let button =
        |label: &str, value: &str| Button { label: label.to_owned(), value: value.to_owned(), ..Button::default() };
    assert_eq!(label(&button(&"ü".repeat(500), "")).chars().count(), LONGEST_LABEL);
    assert_eq!(label(&button("", "yes")), "yes");
    assert_eq!(label(&button("", "")), "a button without a label");
}
