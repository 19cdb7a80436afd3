//! Where a value lies on a picture.

/// From values to places on an axis.
///
/// ```
/// use sslcore_tests::plot::Scale;
///
/// let bytes = Scale::linear(0., 4096., 100., 500.);
/// assert_eq!(bytes.at(1024.), 200.);
/// let speeds = Scale::logarithmic(1., 100., 0., 400.);
/// assert_eq!(speeds.at(10.), 200.);
/// ```
#[derive(Clone, Copy, Debug)]
pub struct Scale {
    is_logarithmic: bool,
    low: f64,
    high: f64,
    from: f64,
    to: f64,
}

impl Scale {
    /// Equal differences are equal lengths: `low` is at `from`, `high` at `to`.
    pub fn linear(low: f64, high: f64, from: f64, to: f64) -> Self {
        Self {
            is_logarithmic: false,
            low,
            high,
            from,
            to,
        }
    }

    /// Equal ratios are equal lengths. Values are above 0.
    pub fn logarithmic(low: f64, high: f64, from: f64, to: f64) -> Self {
        Self {
            is_logarithmic: true,
            low: low.ln(),
            high: high.ln(),
            from,
            to,
        }
    }

    /// Where a value is.
    pub fn at(&self, value: f64) -> f64 {
        let value = if self.is_logarithmic {
            value.ln()
        } else {
            value
        };
        self.from + (value - self.low) / (self.high - self.low) * (self.to - self.from)
    }
}

/// 1, 2 and 5 times each power of ten, as many as make the range `low..=high` one of them.
pub(super) fn marks(low: f64, high: f64) -> Vec<f64> {
    let power = |value: f64| value.log10().floor() as i32;
    let all: Vec<f64> = (power(low)..=power(high) + 1)
        .flat_map(|power| [1., 2., 5.].map(|digit| digit * 10f64.powi(power)))
        .collect();
    let first = all.iter().rposition(|mark| *mark <= low).unwrap_or(0);
    let last = all.iter().position(|mark| *mark >= high);
    all[first..=last.unwrap_or(all.len() - 1)].to_vec()
}

/// A number with commas: `10,000`.
pub(super) fn grouped(number: f64) -> String {
    let digits = format!("{number:.0}");
    let mut text = String::new();
    for (i, digit) in digits.chars().enumerate() {
        if i > 0 && (digits.len() - i).is_multiple_of(3) {
            text.push(',');
        }
        text.push(digit);
    }
    text
}
