//! A console's export of daily costs by service, without any usage.

use chrono::{DateTime, TimeDelta};

use crate::random::Random;
use crate::traffic::{DAY_MS, FIRST_MIDNIGHT};

const DAYS: u64 = 90;

/// A service with what it costs on a weekday of the first week, in cents, on a weekend day in percent
/// of that, and by how many percent it grows to the last day.
struct Service {
    name: &'static str,
    weekday: u64,
    weekend: u64,
    growth: u64,
    /// First day on which it costs anything.
    from: u64,
}

const SERVICES: [Service; 3] = [
    Service { name: "chat assistant", weekday: 6_400, weekend: 35, growth: 30, from: 0 },
    Service { name: "document search", weekday: 2_900, weekend: 20, growth: 0, from: 0 },
    Service { name: "voice agent", weekday: 1_200, weekend: 90, growth: 60, from: 48 },
];

/// One row a day and service that costs anything, after a line of names.
pub(crate) fn costs(random: &mut Random) -> String {
    let mut text = "date,service,cost,currency\n".to_owned();
    for day in 0..DAYS {
        let at = FIRST_MIDNIGHT + (day * DAY_MS).cast_signed();
        let date = (DateTime::UNIX_EPOCH + TimeDelta::milliseconds(at)).date_naive();
        for service in SERVICES.iter().filter(|service| service.from <= day) {
            let weekly = if day % 7 < 2 { service.weekend } else { 100 };
            let growing = 100 * (DAYS - 1) + service.growth * day;
            let usual = service.weekday * weekly * growing / (10_000 * (DAYS - 1));
            let cents = random.share(usual, 86, 114) + random.between(0, 99);
            text.push_str(&format!(
                "{date},{},{}.{:02},USD\n",
                service.name,
                cents / 100,
                cents % 100
            ));
        }
    }
    text
}
