//! Where a request comes from: the peer, or whom a proxy that is trusted names.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};

use axum::extract::{ConnectInfo, Request};
use axum::http::{HeaderMap, HeaderName};
use ipnet::IpNet;

const FORWARDED_FOR: HeaderName = HeaderName::from_static("x-forwarded-for");

/// The address, for handlers.
#[derive(Debug, Clone, Copy)]
pub(super) struct ClientAddress(pub(super) IpAddr);

/// The address of whoever sent a request.
pub(super) fn client_address(request: &Request, trusted: &[IpNet]) -> IpAddr {
    let peer = request.extensions().get::<ConnectInfo<SocketAddr>>();
    let peer = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |ConnectInfo(peer)| peer.ip().to_canonical());
    behind_proxies(peer, request.headers(), trusted)
}

/// Each proxy adds whom it heard from at the end of `X-Forwarded-For`. Going back from there, the first that isn't one of
/// the trusted proxies is the client; what stands before it anybody could have written.
fn behind_proxies(peer: IpAddr, headers: &HeaderMap, trusted: &[IpNet]) -> IpAddr {
    let is_trusted = |address: &IpAddr| trusted.iter().any(|network| network.contains(address));
    let mut address = peer;
    let lines = headers.get_all(FORWARDED_FOR).iter().rev();
    let hops = lines.flat_map(|line| line.to_str().unwrap_or("?").rsplit(','));
    for hop in hops {
        if !is_trusted(&address) {
            break;
        }
        let Some(named) = parse(hop.trim()) else { break };
        address = named;
    }
    address
}

/// An address, with or without a port.
fn parse(hop: &str) -> Option<IpAddr> {
    let address = hop.parse().ok().or_else(|| hop.parse().ok().map(|socket: SocketAddr| socket.ip()));
    address
        .or_else(|| hop.strip_prefix('[')?.strip_suffix(']')?.parse().ok())
        .map(|address: IpAddr| address.to_canonical())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn client(peer: &str, forwarded: &[&str], trusted: &[&str]) -> String {
        let mut headers = HeaderMap::new();
        for line in forwarded {
            headers.append(FORWARDED_FOR, line.parse().unwrap());
        }
        let trusted: Vec<IpNet> = trusted.iter().map(|network| network.parse().unwrap()).collect();
        behind_proxies(peer.parse().unwrap(), &headers, &trusted).to_string()
    }

    #[test]
    fn nobody_is_believed_who_is_not_a_trusted_proxy() {
        assert_eq!(client("203.0.113.9", &["198.51.100.1"], &[]), "203.0.113.9");
        assert_eq!(client("203.0.113.9", &["198.51.100.1"], &["10.0.0.0/8"]), "203.0.113.9");
        assert_eq!(client("10.0.0.2", &[], &["10.0.0.0/8"]), "10.0.0.2");
    }

    #[test]
    fn the_client_is_the_last_hop_that_no_trusted_proxy_is() {
        let trusted = &["10.0.0.0/8", "2001:db8::/32"];
        assert_eq!(client("10.0.0.2", &["198.51.100.1"], trusted), "198.51.100.1");
        assert_eq!(client("10.0.0.2", &["6.6.6.6, 198.51.100.1"], trusted), "198.51.100.1", "the client wrote 6.6.6.6");
        assert_eq!(client("10.0.0.2", &["6.6.6.6", "198.51.100.1", "10.1.1.1"], trusted), "198.51.100.1");
        assert_eq!(client("2001:db8::1", &["198.51.100.1,10.0.0.9, 2001:db8::7"], trusted), "198.51.100.1");
        assert_eq!(client("10.0.0.2", &["10.9.9.9, 10.8.8.8"], trusted), "10.9.9.9", "all of them proxies");
    }

    #[test]
    fn hops_come_with_ports_and_what_is_no_address_ends_the_search() {
        let trusted = &["10.0.0.0/8"];
        assert_eq!(client("10.0.0.2", &["198.51.100.1:4711"], trusted), "198.51.100.1");
        assert_eq!(client("10.0.0.2", &["[2001:db8::7]:443"], trusted), "2001:db8::7");
        assert_eq!(client("10.0.0.2", &["[2001:db8::7]"], trusted), "2001:db8::7");
        assert_eq!(client("10.0.0.2", &["::ffff:198.51.100.1"], trusted), "198.51.100.1");
        for odd in ["unknown", "", "198.51.100.1, _hidden", "198.51.100.1, "] {
            assert_eq!(client("10.0.0.2", &[odd], trusted), "10.0.0.2", "{odd:?}");
        }
    }
}
