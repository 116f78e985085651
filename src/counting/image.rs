//! Tokens of images, by the formulas that providers publish.

use super::extras::ByResolution;
use crate::corpus::{Image, ImageSize, Resolution};

/// How the images of a model are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum ImageRule {
    /// OpenAI: tiles of 512 pixels, and something for the image.
    Tiles {
        /// For the image, and all of it at low detail.
        base: u64,
        /// For a tile.
        each: u64,
    },
    /// OpenAI: patches of 32 pixels, shrunk to so many, times a factor.
    Patches {
        /// The factor, in hundredths.
        percent: u64,
        /// The most patches.
        most: u64,
    },
    /// Anthropic: areas of 28 pixels.
    Areas {
        /// The longest edge.
        edge: u64,
        /// The most tokens.
        most: u64,
    },
    /// Gemini 2: crops of two thirds of the short edge.
    Crops {
        /// For a crop.
        each: u64,
        /// For all of it at low resolution.
        low: u64,
    },
    /// Every image the same.
    Whole {
        /// For an image.
        each: ByResolution,
    },
}

impl ImageRule {
    /// The tokens of an image; `None`: they depend on its size or on a resolution, which is not known.
    #[must_use]
    pub fn tokens(self, image: Image) -> Option<u64> {
        match (self, image.size) {
            (Self::Whole { each }, _) => each.of(image.resolution),
            (Self::Crops { low, .. }, _) if image.resolution == Some(Resolution::Low) => Some(low),
            (Self::Tiles { base, .. }, _) if image.low_detail => Some(base),
            (_, None) => None,
            (Self::Tiles { base, each }, Some(size)) => Some(base + each * tiles(size)),
            (Self::Patches { percent, most }, Some(size)) => {
                Some((patches(size, most) * percent).div_ceil(100))
            }
            (Self::Areas { edge, most }, Some(size)) => Some(areas(size, edge, most)),
            (Self::Crops { each, .. }, Some(size)) => Some(each * crops(size)),
        }
    }
}

fn edges(size: ImageSize) -> (u64, u64) {
    (u64::from(size.width), u64::from(size.height))
}

/// `edge * to / from`, rounded, at least one pixel.
fn scaled(edge: u64, to: u64, from: u64) -> u64 {
    ((edge * to * 2 + from) / (from * 2)).max(1)
}

fn tiles(size: ImageSize) -> u64 {
    let (mut width, mut height) = edges(size);
    let long = width.max(height);
    if long > 2048 {
        (width, height) = (scaled(width, 2048, long), scaled(height, 2048, long));
    }
    let short = width.min(height);
    if short > 768 {
        (width, height) = (scaled(width, 768, short), scaled(height, 768, short));
    }
    width.div_ceil(512) * height.div_ceil(512)
}

/// Too many patches are shrunk until they fit, so that one edge is whole patches long.
fn patches(size: ImageSize, most: u64) -> u64 {
    let (width, height) = edges(size);
    let all = width.div_ceil(32) * height.div_ceil(32);
    if all <= most {
        return all;
    }
    // The square of the edges in patches after shrinking: `most * width / height` and its inverse.
    let across = (most * width / height).isqrt().max(1);
    let down = (most * height / width).isqrt().max(1);
    // The edge that shrinks more to be whole decides; the other one may end inside of a patch.
    let fits = if across * height <= down * width {
        across * (across * height).div_ceil(width)
    } else {
        down * (down * width).div_ceil(height)
    };
    fits.min(most)
}

fn areas(size: ImageSize, edge: u64, most: u64) -> u64 {
    let (width, height) = edges(size);
    let long = width.max(height);
    let count =
        |to: u64| scaled(width, to, long).div_ceil(28) * scaled(height, to, long).div_ceil(28);
    let mut to = long.min(edge);
    while to > 1 && count(to) > most {
        to -= 1;
    }
    count(to)
}

fn crops(size: ImageSize) -> u64 {
    let (width, height) = edges(size);
    if width <= 384 && height <= 384 {
        return 1;
    }
    let unit = (width.min(height) * 2 / 3).max(1);
    width.div_ceil(unit) * height.div_ceil(unit)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn tokens(rule: ImageRule, width: u32, height: u32) -> Option<u64> {
        let size = Some(ImageSize { width, height });
        rule.tokens(Image { size, ..Image::default() })
    }

    #[test]
    fn published_examples() {
        let tiles = ImageRule::Tiles { base: 85, each: 170 };
        // 768 by 768: four tiles. 2048 by 4096 becomes 768 by 1536: six tiles.
        assert_eq!(tokens(tiles, 1024, 1024), Some(765));
        assert_eq!(tokens(tiles, 2048, 4096), Some(1105));
        assert_eq!(tiles.tokens(Image { low_detail: true, ..Image::default() }), Some(85));
        assert_eq!(tiles.tokens(Image::default()), None);
        // 33 by 44 patches, times 1.62: 2352.24.
        let patches = ImageRule::Patches { percent: 162, most: 1536 };
        assert_eq!(tokens(patches, 1800, 2400), Some(2353));
        assert_eq!(tokens(patches, 1024, 1024), Some(1659));
        // 37 by 37, and 36 by 36 areas.
        let areas = ImageRule::Areas { edge: 1568, most: 1568 };
        assert_eq!(tokens(areas, 1024, 1024), Some(1369));
        assert_eq!(tokens(areas, 1000, 1000), Some(1296));
        assert!(tokens(areas, 4032, 3024).is_some_and(|n| (1400..=1568).contains(&n)));
        let crops = ImageRule::Crops { each: 258, low: 64 };
        assert_eq!(tokens(crops, 384, 384), Some(258));
        let low = Image { resolution: Some(Resolution::Low), ..Image::default() };
        assert_eq!(crops.tokens(low), Some(64));
        let each = ByResolution { usual: 1120, low: Some(280), ..ByResolution::default() };
        let whole = ImageRule::Whole { each };
        assert_eq!((whole.tokens(Image::default()), whole.tokens(low)), (Some(1120), Some(280)));
        assert!(tokens(areas, u32::MAX, 1).is_some() && tokens(patches, 1, u32::MAX).is_some());
    }
}
