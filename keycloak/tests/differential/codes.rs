//! Codes, redeemed rightly and wrongly, with and without the feature `resource-indicators`.

use libtest_mimic::Failed;
use serde_json::json;

use super::idp::{IdpUnderTest, fields, refreshing};

impl IdpUnderTest {
    pub async fn tokens(&mut self) -> Result<(), Failed> {
        let client = self.register(json!({})).await?;
        let registered = client["client_id"].as_str().unwrap().to_owned();
        let offline = self.register(json!({"scope": "mcp:read offline_access"})).await?;
        let offline = offline["client_id"].as_str().unwrap().to_owned();
        let codes_only = self.register(json!({"grant_types": ["authorization_code"]})).await?;
        let codes_only = codes_only["client_id"].as_str().unwrap().to_owned();
        for (name, client_id, user, changes) in [
            ("a client that registered", registered.as_str(), "mcpuser", &[][..]),
            ("a reader", &registered, "mcpreader", &[]),
            ("one scope", &registered, "mcpuser", &[("scope", "mcp:read")]),
            ("no scope", &registered, "mcpuser", &[("scope", "")]),
            ("a resource", &registered, "mcpuser", &[("resource", "http://localhost:8000/mcp")]),
            ("an unknown resource", &registered, "mcpuser", &[("resource", "http://x.example/mcp")]),
            ("openid", &registered, "mcpuser", &[("scope", "openid mcp:read")]),
            ("offline_access", &offline, "mcpuser", &[("scope", "mcp:read offline_access")]),
            ("no refresh token grant", &codes_only, "mcpuser", &[]),
            ("the demo client", "mcp-demo-client", "mcpuser", &[]),
            ("the demo client, openid", "mcp-demo-client", "mcpuser", &[("scope", "openid mcp:read")]),
            ("the demo client, no scope", "mcp-demo-client", "mcpuser", &[("scope", "")]),
            ("two servers", "mcp-demo-client", "mcpuser", &[("scope", "mcp:read calendar:read")]),
        ] {
            let code = self.code(client_id, user, changes).await?;
            self.token(&format!("token: {name}"), &fields(client_id, &code)).await?;
        }
        Ok(())
    }

    pub async fn resource_indicators(&mut self) -> Result<(), Failed> {
        const ONE: &str = "http://localhost:8000/mcp";
        const OTHER: &str = "http://localhost:8001/mcp";
        let both = "mcp:read calendar:read";
        for (scope, asked, sent) in [
            ("mcp:read", "", ""),
            ("mcp:read", ONE, ONE),
            ("mcp:read", ONE, ""),
            ("mcp:read", "", ONE),
            ("mcp:read", ONE, OTHER),
            ("mcp:read", OTHER, OTHER),
            ("mcp:read", "http://localhost:8000/mcp/", "http://localhost:8000/mcp/"),
            ("mcp:read", "HTTP://localhost:8000/mcp", "HTTP://localhost:8000/mcp"),
            ("mcp:read", "http://nowhere.example", "http://nowhere.example"),
            (both, "", ""),
            (both, ONE, ONE),
            (both, OTHER, OTHER),
            ("", "", ""),
            ("", ONE, ONE),
            ("openid", ONE, ONE),
        ] {
            let name = format!("resource {asked:?}, then {sent:?}, scope {scope:?}");
            let code = self.code("mcp-demo-client", "mcpuser", &[("scope", scope), ("resource", asked)]).await?;
            let redeeming = [&fields("mcp-demo-client", &code)[..], &[("resource", sent)]].concat();
            let tokens = self.token(&name, &redeeming).await?;
            if let (Some(access), Some(refresh)) = (tokens["access_token"].as_str(), tokens["refresh_token"].as_str()) {
                self.exchange(&name, Some(super::idp::SERVER), access, &[]).await?;
                for resource in ["", OTHER, ONE] {
                    let refreshing = [&refreshing("mcp-demo-client", refresh)[..], &[("resource", resource)]].concat();
                    self.token(&format!("{name}, refresh for {resource:?}"), &refreshing).await?;
                }
            }
        }
        Ok(())
    }

    pub async fn codes_that_are_refused(&mut self) -> Result<(), Failed> {
        let client = self.register(json!({})).await?;
        let client_id = client["client_id"].as_str().unwrap().to_owned();
        for (name, changes) in [
            ("another verifier", &[("code_verifier", "0000000000000000000000000000000000000000000")][..]),
            ("no verifier", &[("code_verifier", "")]),
            ("a short verifier", &[("code_verifier", "x")]),
            ("another redirect URI", &[("redirect_uri", "http://127.0.0.1:8888/other")]),
            ("no redirect URI", &[("redirect_uri", "")]),
            ("another client", &[("client_id", "mcp-demo-client")]),
            ("another resource", &[("resource", "http://localhost:8001/mcp")]),
        ] {
            let code = self.code(&client_id, "mcpuser", &[("resource", "http://localhost:8000/mcp")]).await?;
            let mut changed: Vec<_> = fields(&client_id, &code).to_vec();
            changed.retain(|(field, _)| changes.iter().all(|(changed, _)| changed != field));
            changed.extend_from_slice(changes);
            self.token(&format!("code: {name}"), &changed).await?;
            self.token(&format!("code: {name}, and then right"), &fields(&client_id, &code)).await?;
        }
        // The second use takes the first one's tokens away.
        let code = self.code(&client_id, "mcpuser", &[]).await?;
        let tokens = self.token("code: used", &fields(&client_id, &code)).await?;
        self.token("code: used twice", &fields(&client_id, &code)).await?;
        let refresh = tokens["refresh_token"].as_str().unwrap();
        self.token("refresh: after the code was used twice", &refreshing(&client_id, refresh)).await?;
        Ok(())
    }
}
