//! The life of a client that has registered, and Initial Access IssuedTokens.

use libtest_mimic::Failed;
use serde_json::{Value, json};
use shared::Secret;
use shared::http::Request;

use super::idp::IdpUnderTest;
use super::registration::with;

impl IdpUnderTest {
    pub async fn life_of_a_client(&mut self) -> Result<(), Failed> {
        let (one, two) = (self.ask_to_register("one", json!({})).await?, self.ask_to_register("two", json!({})).await?);
        let text = |document: &Value, name: &str| document[name].as_str().unwrap().to_owned();
        let (url, id) = (text(&one, "registration_client_uri"), text(&one, "client_id"));
        let token = |document: &Value| Secret::new(text(document, "registration_access_token"));
        let (old, others) = (token(&one), token(&two));
        let nobody = format!("{}/nobody", self.registration_endpoint());
        let demo = format!("{}/mcp-demo-client", self.registration_endpoint());

        self.record("read", Request::get(&url).bearer(&old)).await?;
        self.record("read: no token", Request::get(&url)).await?;
        self.record("read: a bad token", Request::get(&url).bearer(&Secret::new("x"))).await?;
        self.record("read: another client's token", Request::get(&url).bearer(&others)).await?;
        self.record("read: nobody", Request::get(&nobody).bearer(&old)).await?;
        self.record("read: a client of the realm file", Request::get(&demo).bearer(&old)).await?;

        let put = |changes: Value| Request::put_json(&url, &with(changes));
        self.record("update: no token", put(json!({"client_id": id}))).await?;
        self.record("update: a bad token", put(json!({"client_id": id})).bearer(&Secret::new("x"))).await?;
        self.record("update: no client_id", put(json!({})).bearer(&old)).await?;
        self.record("update: another client_id", put(json!({"client_id": "x"})).bearer(&old)).await?;
        self.record("update: another scope", put(json!({"client_id": id, "scope": "admin:all"})).bearer(&old)).await?;
        let evil = put(json!({"client_id": id, "redirect_uris": ["https://evil.example/cb"]}));
        self.record("update: another host", evil.bearer(&old)).await?;
        self.record("update: an unknown member", put(json!({"client_id": id, "foo": 1})).bearer(&old)).await?;
        self.record("read: after refused updates", Request::get(&url).bearer(&old)).await?;
        let changed = json!({"client_id": id, "client_name": "new", "redirect_uris": ["http://127.0.0.1/new"]});
        let renewed = self.record("update", put(changed).bearer(&old)).await?;
        self.record("read: the old token", Request::get(&url).bearer(&old)).await?;
        let new = token(&renewed);
        self.record("read: the new token", Request::get(&url).bearer(&new)).await?;
        let same = Request::put_json(&url, &renewed);
        let new = token(&self.record("update: as it was given out", same.bearer(&new)).await?);
        let minimal = Request::put_json(&url, &json!({"client_id": id, "redirect_uris": ["http://127.0.0.1/new"]}));
        let confidential = self.record("update: only what is needed", minimal.bearer(&new)).await?;
        let new = token(&confidential);
        self.record(
            "register: with a registration access token",
            Request::post_json(&self.registration_endpoint(), &with(json!({}))).bearer(&new),
        )
        .await?;
        self.record("client's entry: POST", Request::post_json(&url, &json!({}))).await?;

        self.record("delete: no token", Request::delete(&url)).await?;
        self.record("delete: another client's token", Request::delete(&url).bearer(&others)).await?;
        self.record("delete", Request::delete(&url).bearer(&new)).await?;
        self.record("delete: again", Request::delete(&url).bearer(&new)).await?;
        self.record("read: after the delete", Request::get(&url).bearer(&new)).await?;
        self.record("update: after the delete", put(json!({"client_id": id})).bearer(&new)).await?;
        Ok(())
    }

    pub async fn administrator_signs_in(&mut self) -> Result<Secret, Failed> {
        let url = format!("{}/realms/master/protocol/openid-connect/token", self.server());
        let fields =
            [("grant_type", "password"), ("client_id", "admin-cli"), ("username", "admin"), ("password", "admin123")];
        let response = self.http.send(&Request::post_form(&url, &fields)).await?;
        let response: Value = serde_json::from_slice(&response.body)?;
        let wrong = [fields[0], fields[1], fields[2], ("password", "x")];
        self.record("administrator: a wrong password", Request::post_form(&url, &wrong)).await?;
        Ok(Secret::new(response["access_token"].as_str().unwrap()))
    }

    pub async fn initial_access_tokens(&mut self) -> Result<(), Failed> {
        let administrator = self.administrator_signs_in().await?;
        let url = format!("{}/admin/realms/mcp-oauth/clients-initial-access", self.server());
        let make = |body: Value| Request::post_json(&url, &body).bearer(&administrator);
        self.record("initial access: no administrator", Request::post_json(&url, &json!({"count": 1}))).await?;
        self.record("initial access: a bad token", Request::post_json(&url, &json!({})).bearer(&Secret::new("x")))
            .await?;
        for body in [
            json!({}),
            json!({"count": 0}),
            json!({"count": -1}),
            json!({"count": 1, "expiration": -1}),
            json!({"count": "x"}),
        ] {
            self.record(&format!("initial access: {body}"), make(body)).await?;
        }
        let elsewhere = url.replace("mcp-oauth", "nope");
        self.record("initial access: another realm", Request::post_json(&elsewhere, &json!({})).bearer(&administrator))
            .await?;

        let made = self.record("initial access", make(json!({"count": 1, "expiration": 60}))).await?;
        let token = Secret::new(made["token"].as_str().unwrap());
        let endpoint = self.registration_endpoint();
        let register = |changes: Value| Request::post_json(&endpoint, &with(changes)).bearer(&token);
        let anywhere = json!({"redirect_uris": ["https://app.example/cb"]});
        self.record("with a token: another scope", register(json!({"scope": "admin:all"}))).await?;
        let registered = self.record("with a token: another host", register(anywhere)).await?;
        self.record("with a token: once more", register(json!({}))).await?;
        let own = registered["registration_client_uri"].as_str().unwrap();
        self.record("read: with an Initial Access Token", Request::get(own).bearer(&token)).await?;

        let made = self.record("initial access: a second", make(json!({"count": 5, "expiration": 1}))).await?;
        tokio::time::sleep(std::time::Duration::from_millis(2100)).await;
        let token = Secret::new(made["token"].as_str().unwrap());
        let expired = Request::post_json(&self.registration_endpoint(), &with(json!({}))).bearer(&token);
        self.record("with a token that has expired", expired).await?;
        let foreign = Request::post_json(&self.registration_endpoint(), &with(json!({}))).bearer(&administrator);
        self.record("with the administrator's token", foreign).await?;
        Ok(())
    }
}
