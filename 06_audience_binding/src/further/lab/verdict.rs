//! What decides about a token's audience: read from what came, and never more than that.

use std::collections::BTreeSet;

use authorization_code::token_response;
use serde_json::{Map, Value};

/// What a sign-in brought.
pub(super) enum Seen {
    Claims(Map<String, Value>),
    /// A token that only the authorization server can read.
    Opaque,
    /// No token, and what was said instead.
    Refused(String),
}

impl Seen {
    fn audiences(&self) -> Option<BTreeSet<&str>> {
        match self {
            Seen::Claims(claims) => Some(token_response::audiences(claims).into_iter().collect()),
            Seen::Opaque | Seen::Refused(_) => None,
        }
    }
}

/// What decides for whom a token is.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Decides {
    Resource,
    /// It gives no token for one of the two, which differ in nothing but `resource`.
    ResourceOrNoToken,
    /// `resource` changes the audience, and is not all that counts.
    ResourceAmongOthers,
    Scopes,
    /// The same whatever is asked for.
    Nothing,
    /// Not `resource`. The request without scopes, which would tell more, brought nothing to read.
    NotResource,
    /// No token names either server.
    Nobody,
    CannotBeSeen,
}

/// `pair` are two requests that differ in nothing but `resource`, which names each of the `servers`
/// in turn; `without` is the one without scopes. `None`: the request was not made.
pub(super) fn decides(without: Option<&Seen>, pair: [Option<&Seen>; 2], servers: [&str; 2]) -> Decides {
    let is_refused = |seen: Option<&Seen>| matches!(seen, Some(Seen::Refused(_)));
    match pair.map(|seen| seen.and_then(Seen::audiences)) {
        [Some(first), Some(second)] if first == second => {
            let without = without.and_then(Seen::audiences);
            if !servers.iter().any(|server| first.contains(server)) {
                Decides::Nobody
            } else if without.as_ref() == Some(&first) {
                Decides::Nothing
            } else if without.is_some() {
                Decides::Scopes
            } else {
                Decides::NotResource
            }
        }
        [Some(first), Some(second)] if is_only(&first, servers[0]) && is_only(&second, servers[1]) => Decides::Resource,
        [Some(_), Some(_)] => Decides::ResourceAmongOthers,
        [Some(_), None] if is_refused(pair[1]) => Decides::ResourceOrNoToken,
        [None, Some(_)] if is_refused(pair[0]) => Decides::ResourceOrNoToken,
        _ => Decides::CannotBeSeen,
    }
}

fn is_only(audiences: &BTreeSet<&str>, server: &str) -> bool {
    audiences.len() == 1 && audiences.contains(server)
}

impl Decides {
    /// The verdict, and what it means for a real deployment.
    pub(super) fn sentence(&self) -> &'static str {
        match self {
            Decides::Resource => {
                "resource decides. With the same scopes, each token is only for the server that resource names. MCP clients rely on this: they send \
                 resource with every request."
            }
            Decides::ResourceOrNoToken => {
                "resource matters: of two requests that differ only in resource, only one brought a token. Register the other server at this IdP to \
                 see the audience of its tokens."
            }
            Decides::ResourceAmongOthers => {
                "resource changes the audience, but a token is not only for the server that resource names. Every other server in aud can use the \
                 token too."
            }
            Decides::Scopes => {
                "the scopes decide, and resource does not. If a client requests the scopes of two servers at once, each server can use the token at \
                 the other. Give each server its own scopes, and have clients request a token for one server at a time."
            }
            Decides::Nothing => {
                "the audience is always the same: neither scopes nor resource change it. Every server that it names can use the token at the others. \
                 Give each server its own scopes or its own client."
            }
            Decides::NotResource => {
                "resource does not change the audience. The lab cannot see whether the scopes decide it: the request without scopes brought no \
                 readable token (mode no-mapper)."
            }
            Decides::Nobody => {
                "neither scopes nor resource decide: no token names either server. A server that checks aud refuses every such token. Do not drop the \
                 check. Give each server's scopes an audience instead (Keycloak: an audience mapper)."
            }
            Decides::CannotBeSeen => {
                "unknown. The lab did not receive two readable tokens. If tokens are opaque, ask the MCP server's operator for the aud that \
                 introspection returns."
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn aud(aud: Value) -> Seen {
        Seen::Claims(Map::from_iter([("aud".to_owned(), aud)]))
    }

    #[test]
    fn the_verdict_is_about_what_came() {
        let refused = || Seen::Refused("invalid_target".to_owned());
        let rows = [
            (None, [aud(json!("A")), aud(json!(["B"]))], Decides::Resource),
            (Some(Seen::Opaque), [aud(json!("A")), aud(json!("B"))], Decides::Resource),
            (None, [aud(json!(["A", "x"])), aud(json!(["B", "x"]))], Decides::ResourceAmongOthers),
            (None, [aud(json!("B")), aud(json!("A"))], Decides::ResourceAmongOthers),
            (None, [aud(json!("A")), aud(json!([]))], Decides::ResourceAmongOthers),
            (Some(aud(json!("x"))), [aud(json!(["A", "B"])), aud(json!(["B", "A"]))], Decides::Scopes),
            (Some(aud(json!([]))), [aud(json!("A")), aud(json!("A"))], Decides::Scopes),
            (Some(aud(json!(["B", "A"]))), [aud(json!(["A", "B"])), aud(json!(["A", "B"]))], Decides::Nothing),
            (Some(aud(json!("A"))), [aud(json!("A")), aud(json!("A"))], Decides::Nothing),
            (None, [aud(json!("A")), aud(json!("A"))], Decides::NotResource),
            (Some(Seen::Opaque), [aud(json!("A")), aud(json!("A"))], Decides::NotResource),
            (Some(refused()), [aud(json!("A")), aud(json!("A"))], Decides::NotResource),
            (None, [aud(json!("account")), aud(json!("account"))], Decides::Nobody),
            (Some(aud(json!("A"))), [aud(json!(null)), aud(json!(7))], Decides::Nobody),
            (None, [aud(json!("A")), refused()], Decides::ResourceOrNoToken),
            (None, [refused(), aud(json!("B"))], Decides::ResourceOrNoToken),
            (None, [refused(), refused()], Decides::CannotBeSeen),
            (None, [Seen::Opaque, Seen::Opaque], Decides::CannotBeSeen),
            (None, [Seen::Opaque, aud(json!("B"))], Decides::CannotBeSeen),
            (None, [aud(json!("A")), Seen::Opaque], Decides::CannotBeSeen),
            (Some(aud(json!("A"))), [Seen::Opaque, refused()], Decides::CannotBeSeen),
        ];
        for (n, (without, [first, second], decided)) in rows.into_iter().enumerate() {
            assert_eq!(decides(without.as_ref(), [Some(&first), Some(&second)], ["A", "B"]), decided, "row {n}");
        }
        assert_eq!(decides(Some(&Seen::Opaque), [None, None], ["A", "B"]), Decides::CannotBeSeen);
        assert_eq!(decides(None, [Some(&aud(json!("A"))), None], ["A", "B"]), Decides::CannotBeSeen);
    }
}
