//! The pages on which a user signs in and agrees.

use libtest_mimic::Failed;
use serde_json::json;
use shared::http::Request;

use super::idp::IdpUnderTest;

impl IdpUnderTest {
    pub async fn pages(&mut self) -> Result<(), Failed> {
        let client = self.register(json!({})).await?;
        let client_id = client["client_id"].as_str().unwrap();
        let url = self.authorization_url(client_id, &[]);
        let first = self.send(Request::get(&url)).await?;
        self.keep("the sign-in page", &first);
        let wrong = self.submit(&url, &first, &[("username", "mcpuser"), ("password", "wrong")]).await?;
        self.keep("a wrong password", &wrong);
        let nobody = self.submit(&url, &wrong, &[("username", "nobody"), ("password", "wrong")]).await?;
        self.keep("a user who is not there", &nobody);
        let right = self.submit(&url, &nobody, &[("username", "mcpuser"), ("password", "password123")]).await?;
        self.keep("the right password, for a client that has to ask", &right);
        let location = right.header_values("location").remove(0);
        let consent = self.send(Request::get(&location)).await?;
        self.keep("the consent page", &consent);
        let denied = self.submit(&location, &consent, &[("cancel", "x")]).await?;
        self.keep("no", &denied);

        // Whoever did not agree is not signed in.
        let again = self.send(Request::get(&url)).await?;
        self.keep("asked again after a no", &again);
        let right = self.submit(&url, &again, &[("username", "mcpuser"), ("password", "password123")]).await?;
        let location = right.header_values("location").remove(0);
        let consent = self.send(Request::get(&location)).await?;
        let agreed = self.submit(&location, &consent, &[("accept", "x")]).await?;
        self.keep("yes", &agreed);
        let remembered = self.send(Request::get(&url)).await?;
        self.keep("agreed before", &remembered);
        for prompt in ["consent", "none"] {
            let url = self.authorization_url(client_id, &[("prompt", prompt)]);
            let response = self.send(Request::get(&url)).await?;
            self.keep(&format!("agreed before, prompt {prompt}"), &response);
        }
        let url = self.authorization_url(client_id, &[("prompt", "login")]);
        let response = self.send(Request::get(&url)).await?;
        self.keep("signed in, prompt login", &response);

        // Another browser with the first one's form.
        self.cookies.clear();
        let form = self.send(Request::get(&url)).await?;
        self.cookies.clear();
        let stolen = self.submit(&url, &form, &[("username", "mcpuser"), ("password", "password123")]).await?;
        self.keep("a form from another browser", &stolen);

        let demo = self.authorization_url("mcp-demo-client", &[]);
        let page = self.send(Request::get(&demo)).await?;
        let response = self.submit(&demo, &page, &[("username", "mcpuser"), ("password", "password123")]).await?;
        self.keep("the right password, for a client that need not ask", &response);
        Ok(())
    }
}
