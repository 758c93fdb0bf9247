//! How much may be asked, and from where.

use std::net::IpAddr;

use ipnet::IpNet;
use reqwest::Url;

use super::Stage;
use super::environment::Reader;

/// How much one user or one address may ask for.
#[derive(Debug, Clone)]
pub struct LimitConfig {
    /// `RATE_LIMIT_USER_PER_MINUTE`: requests of a user, 1 to 1,000,000. Default 120, in development 60,000.
    pub user_per_minute: u32,
    /// `RATE_LIMIT_ADDRESS_PER_MINUTE`: requests from an address, 1 to 1,000,000. An office behind one address has many
    /// users. Default 1,200, in development 60,000.
    pub address_per_minute: u32,
    /// `RATE_LIMIT_ADMIN_PER_MINUTE`: admin calls from an address, 1 to 1,000,000; without the right key a twelfth of it. An
    /// operator with a script that looks every second stays below the default, 120.
    pub admin_per_minute: u32,
    /// `CANVALO_MAX_TURNS_PER_USER`: turns of a user at the same time, 1 to 4096. Default 8, in development 4096.
    pub turns_per_user: u32,
    /// `TRUSTED_PROXIES`: networks of proxies whose `X-Forwarded-For` is believed, as in `10.0.0.0/8, 192.0.2.7`. Default
    /// none: the address is the peer's.
    pub trusted_proxies: Vec<IpNet>,
}

/// Whose pages may call this host from a browser.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CorsOrigins {
    /// Everybody's. In development only.
    Any,
    /// These: `https://app.example.com`.
    Only(Vec<String>),
}

pub(super) fn limits(reader: &mut Reader<'_>, stage: Stage) -> LimitConfig {
    let or = |deployed, development| if stage.is_deployed() { deployed } else { development };
    let user_per_minute = reader.parsed("RATE_LIMIT_USER_PER_MINUTE", |text| number(text, 1_000_000));
    let address_per_minute = reader.parsed("RATE_LIMIT_ADDRESS_PER_MINUTE", |text| number(text, 1_000_000));
    let admin_per_minute = reader.parsed("RATE_LIMIT_ADMIN_PER_MINUTE", |text| number(text, 1_000_000));
    let turns_per_user = reader.parsed("CANVALO_MAX_TURNS_PER_USER", |text| number(text, 4096));
    LimitConfig {
        user_per_minute: user_per_minute.unwrap_or(or(120, 60_000)),
        address_per_minute: address_per_minute.unwrap_or(or(1_200, 60_000)),
        admin_per_minute: admin_per_minute.unwrap_or(120),
        turns_per_user: turns_per_user.unwrap_or(or(8, 4096)),
        trusted_proxies: reader.parsed("TRUSTED_PROXIES", |text| list(text, network)).unwrap_or_default(),
    }
}

/// `CORS_ORIGINS`: origins separated by commas, or `*`. Default `*` in development, none elsewhere.
pub(super) fn cors(reader: &mut Reader<'_>, stage: Stage) -> CorsOrigins {
    let default = if stage.is_deployed() { CorsOrigins::Only(Vec::new()) } else { CorsOrigins::Any };
    let named = reader.parsed("CORS_ORIGINS", |text| match text {
        "*" if stage.is_deployed() => Err(format!("the origins of your frontend: * is for development, not {stage}")),
        "*" => Ok(CorsOrigins::Any),
        text => list(text, origin).map(CorsOrigins::Only),
    });
    named.unwrap_or(default)
}

fn number(text: &str, most: u32) -> Result<u32, String> {
    let number = text.parse().ok().filter(|number| (1..=most).contains(number));
    number.ok_or_else(|| format!("a number from 1 to {most}"))
}

fn list<T>(text: &str, item: impl Fn(&str) -> Result<T, String>) -> Result<Vec<T>, String> {
    text.split(',').map(str::trim).filter(|part| !part.is_empty()).map(item).collect()
}

/// An address alone is a network of one.
fn network(text: &str) -> Result<IpNet, String> {
    let net = text.parse().or_else(|_| text.parse::<IpAddr>().map(IpNet::from));
    net.map_err(|_| "networks like 10.0.0.0/8 or addresses, separated by commas".to_owned())
}

/// As a browser sends it.
fn origin(text: &str) -> Result<String, String> {
    let url = Url::parse(text).ok().filter(|url| matches!(url.scheme(), "http" | "https") && !text.contains('*'));
    let origin = url.map(|url| url.origin().ascii_serialization()).filter(|origin| origin == text);
    origin.ok_or_else(|| "origins like https://app.example.com, separated by commas, or *".to_owned())
}
