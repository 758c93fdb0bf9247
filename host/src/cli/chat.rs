//! `canvalo chat`.

use std::io::{self, ErrorKind, Write};
use std::time::Duration;

use anyhow::{Context, Result, bail};
use canvalo::auth::{self, dev_token};
use canvalo::config::Config;
use clap::Args;
use futures::StreamExt;
use secrecy::{ExposeSecret, SecretString};
use serde_json::{Value, json};
use uuid::Uuid;

/// Long enough for one answer.
const TOKEN_LIFETIME: Duration = Duration::from_secs(300);

#[derive(Args)]
pub(crate) struct Chat {
    /// The question.
    message: String,
    /// The server. Without it the one on this machine, on API_PORT.
    #[arg(long)]
    url: Option<String>,
    /// Ask as this user of the local Supabase. Without it the system user, who has the sample data.
    #[arg(long, value_name = "UUID")]
    user: Option<Uuid>,
    /// Ask with this token.
    #[arg(long, env = "CANVALO_TOKEN", hide_env_values = true, conflicts_with = "user")]
    token: Option<String>,
    /// Print the stream as it is instead of its text.
    #[arg(long)]
    raw: bool,
}

impl Chat {
    pub(super) async fn run(self) -> Result<()> {
        let config = super::token::local_config()?;
        let url = self.url.clone().unwrap_or_else(|| format!("http://127.0.0.1:{}", config.server.port));
        let mut body = json!({ "message": self.message });
        let token = match &self.token {
            // It says who asks.
            Some(token) => Some(SecretString::from(token.clone())),
            None => {
                let user = self.user.unwrap_or(config.auth.system_user);
                body["user_id"] = json!(user);
                local_token(&config, user)?
            }
        };
        let mut request =
            reqwest::Client::new().post(format!("{}/api/chat/stream", url.trim_end_matches('/'))).json(&body);
        if let Some(token) = token {
            request = request.bearer_auth(token.expose_secret());
        }
        let response = request.send().await.with_context(|| format!("no server at {url}; `make run` starts one"))?;
        if !response.status().is_success() {
            let body: Value = response.json().await.unwrap_or_default();
            bail!("{}", refusal(&body["error"]));
        }
        match self.print(response).await {
            // Whoever reads has read enough, as `head` does.
            Err(error) if error.downcast_ref::<io::Error>().is_some_and(|e| e.kind() == ErrorKind::BrokenPipe) => {
                Ok(())
            }
            printed => printed,
        }
    }

    async fn print(&self, response: reqwest::Response) -> Result<()> {
        let mut bytes = response.bytes_stream();
        let mut pending: Vec<u8> = Vec::new();
        let (mut shown, mut out) = (Shown::default(), io::stdout());
        while let Some(part) = bytes.next().await {
            pending.extend_from_slice(&part.context("the connection broke before the answer was complete")?);
            while let Some(end) = pending.iter().position(|byte| *byte == b'\n') {
                let line: Vec<u8> = pending.drain(..=end).collect();
                let line = String::from_utf8_lossy(&line);
                if self.raw {
                    write!(out, "{line}")?;
                } else if let Some(data) = line.strip_prefix("data:") {
                    let chunk =
                        serde_json::from_str(data.trim()).context("the server sent a chunk that is not JSON")?;
                    shown.chunk(&chunk, &mut out)?;
                }
                out.flush()?;
            }
        }
        Ok(())
    }
}

/// A token for a user of the local Supabase, if there is one. A development server takes the question without, too.
fn local_token(config: &Config, user: Uuid) -> Result<Option<SecretString>> {
    let Some(supabase) = &config.supabase else { return Ok(None) };
    let Some(secret) = &supabase.jwt_secret else { return Ok(None) };
    Ok(Some(dev_token::mint(secret, &auth::issuer(&supabase.url), user, TOKEN_LIFETIME)?))
}

/// What the terminal shows of an answer so far.
#[derive(Default)]
struct Shown {
    inside_a_line: bool,
}

impl Shown {
    fn chunk(&mut self, chunk: &Value, out: &mut impl Write) -> Result<()> {
        let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
        match chunk["type"].as_str() {
            Some("token") => {
                let content = text(&chunk["content"]);
                write!(out, "{content}")?;
                self.inside_a_line = !content.ends_with('\n');
            }
            Some("tool_call") => {
                let tool = &chunk["tool_call"];
                let lead = if std::mem::take(&mut self.inside_a_line) { "\n" } else { "" };
                // Beside the answer, so that a pipe gets the answer alone.
                eprintln!("{lead}[{} · {} {}]", text(&chunk["agent_type"]), text(&tool["name"]), text(&tool["status"]));
            }
            Some("complete") => writeln!(out)?,
            Some("error") => bail!("{}", refusal(&chunk["error"])),
            _ => {}
        }
        Ok(())
    }
}

fn refusal(error: &Value) -> String {
    let text = |name: &str| error[name].as_str().unwrap_or("?").to_owned();
    format!("{} ({}: {})", text("userMessage"), text("code"), text("message"))
}
