//! The sizes of tasks that Fargate offers. Source: "Task CPU and memory" of the ECS developer guide.

/// CPU units of one processor, and MiB of one GB.
const UNITS: f64 = 1024.0;

/// CPU units with the least and the most memory in MiB and the step between.
const OFFERED: [(i64, i64, i64, i64); 7] = [
    (256, 512, 2048, 512),
    (512, 1024, 4096, 1024),
    (1024, 2048, 8192, 1024),
    (2048, 4096, 16384, 1024),
    (4096, 8192, 30720, 1024),
    (8192, 16384, 61440, 4096),
    (16384, 32768, 122_880, 8192),
];

pub fn is_offered(cpu: i64, memory: i64) -> bool {
    OFFERED.iter().any(|(units, least, most, step)| {
        // A quarter of a processor goes with 512, 1024 and 2048 MiB, not with 1536.
        cpu == *units && (*least..=*most).contains(&memory) && memory % step == 0 && (cpu, memory) != (256, 1536)
    })
}

/// The smallest size with at least so many CPU units and MiB; nothing where there is none so large.
pub fn smallest(cpu: i64, memory: i64) -> Option<(i64, i64)> {
    OFFERED.iter().filter(|(units, ..)| *units >= cpu).find_map(|(units, least, most, step)| {
        let sizes = (*least..=*most).step_by(usize::try_from(*step).ok()?);
        sizes.map(|size| (*units, size)).find(|(units, size)| *size >= memory && is_offered(*units, *size))
    })
}

/// CPU units or MiB; `1 vCPU` and `2 GB` are read as well.
pub fn amount(text: &str) -> Option<i64> {
    let text = text.trim().to_ascii_lowercase();
    for suffix in ["vcpu", "gb"] {
        if let Some(number) = text.strip_suffix(suffix) {
            return number.trim().parse::<f64>().ok().map(|number| (number * UNITS) as i64);
        }
    }
    text.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_smallest_size_that_fits_is_one_that_is_offered() {
        for (wanted, expected) in [
            ((0, 0), Some((256, 512))),
            ((256, 1025), Some((256, 2048))),
            ((256, 2049), Some((512, 3072))),
            ((257, 512), Some((512, 1024))),
            ((4096, 30_721), Some((8192, 32_768))),
            ((16_384, 122_880), Some((16_384, 122_880))),
            ((16_385, 1024), None),
        ] {
            assert_eq!(smallest(wanted.0, wanted.1), expected, "{wanted:?}");
        }
    }

    #[test]
    fn amounts_have_units_or_none() {
        for (text, expected) in [("512", Some(512)), (".25 vCPU", Some(256)), ("2GB", Some(2048)), ("much", None)] {
            assert_eq!(amount(text), expected, "{text}");
        }
    }
}
