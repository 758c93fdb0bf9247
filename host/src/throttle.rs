//! How much one user, or one address, may ask for: token buckets, and turns at the same time.

mod buckets;
mod turns;

pub use buckets::{Buckets, Level};
pub use turns::{Place, TurnsPerUser};

use std::net::{IpAddr, Ipv6Addr};

use uuid::Uuid;

use crate::config::LimitConfig;

/// Of so many admin calls one may come without the right key.
const ADMIN_FAILURES: u32 = 12;

/// The limits of this process.
pub struct Throttle {
    /// All requests of an address, before it is known who asks.
    pub address: Buckets<IpAddr>,
    /// The requests of a user.
    pub user: Buckets<Uuid>,
    /// Admin calls with the key. A bucket of their own: an operator gets through while others flood the server.
    pub admin: Buckets<IpAddr>,
    /// Admin calls without the key. A right key is taken even when these are spent: nobody guesses 32 bytes, at whatever
    /// rate, and who tries from behind the same proxy must not lock the operator out.
    pub admin_failures: Buckets<IpAddr>,
    /// Turns of a user at the same time.
    pub turns: TurnsPerUser,
}

impl Throttle {
    /// Limits as configured.
    pub fn new(config: &LimitConfig) -> Self {
        Self {
            address: Buckets::new("address", config.address_per_minute),
            user: Buckets::new("user", config.user_per_minute),
            admin: Buckets::new("admin", config.admin_per_minute),
            admin_failures: Buckets::new("admin-failures", config.admin_per_minute.div_ceil(ADMIN_FAILURES)),
            turns: TurnsPerUser::new(config.turns_per_user),
        }
    }
}

/// What counts as one address: an IPv6 customer has a whole /64 network.
pub fn one_address(address: IpAddr) -> IpAddr {
    match address.to_canonical() {
        IpAddr::V4(address) => IpAddr::V4(address),
        IpAddr::V6(address) => {
            let [a, b, c, d, ..] = address.segments();
            IpAddr::V6(Ipv6Addr::new(a, b, c, d, 0, 0, 0, 0))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_network_of_ipv6_counts_as_one_address_and_every_ipv4_by_itself() {
        let one = |address: &str| one_address(address.parse().unwrap()).to_string();
        assert_eq!(one("2001:db8:1:2:3:4:5:6"), "2001:db8:1:2::");
        assert_eq!(one("2001:db8:1:2::9"), "2001:db8:1:2::");
        assert_eq!(one("192.0.2.7"), "192.0.2.7");
        assert_eq!(one("::ffff:192.0.2.7"), "192.0.2.7");
    }
}
