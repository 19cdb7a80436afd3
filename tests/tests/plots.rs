//! The benchmarks' pictures: what is written in them means nothing in XML, and what they show is where its
//! value is.

use sslcore_tests::plot::{Bar, Bars, Colour, Curve, Curves, Group, Panel, Scale, Stroke};

/// What an attribute of each element with this beginning says, as a number.
fn numbers(svg: &str, element: &str, attribute: &str) -> Vec<f64> {
    let elements = svg.split('<').filter(|it| it.starts_with(element));
    let values = elements.filter_map(|it| {
        let (_, behind) = it.split_once(&format!(" {attribute}=\""))?;
        behind.split('"').next()?.parse().ok()
    });
    values.collect()
}

fn bars(values: &[f64], name: &str) -> String {
    let bars = values.iter().map(|value| Bar {
        name: name.to_owned(),
        colour: Colour::Blue,
        value: *value,
    });
    let group = Group {
        name: name.to_owned(),
        bars: bars.collect(),
    };
    let bars = Bars {
        title: name.to_owned(),
        words: vec![name.to_owned()],
        unit: "B",
        groups: vec![group],
    };
    bars.svg()
}

fn curves(points: &[(f64, f64)], name: &str) -> String {
    let curve = Curve {
        name: name.to_owned(),
        colour: Colour::Orange,
        stroke: Stroke::Dashed,
        points: points.to_vec(),
    };
    let panel = Panel {
        name: name.to_owned(),
        curves: vec![curve],
    };
    let curves = Curves {
        title: name.to_owned(),
        words: vec![name.to_owned()],
        marks: [64., 1024., 16384.].map(|at| (at, name.to_owned())).into(),
        panels: vec![panel],
    };
    curves.svg()
}

#[test]
fn what_is_written_in_a_picture_means_nothing_in_xml() {
    const EVIL: &str = "</text><script>\"&\u{1}";
    for (svg, times) in [(bars(&[1.], EVIL), 5), (curves(&[(64., 1.)], EVIL), 8)] {
        assert!(!svg.contains("<script"), "{svg}");
        assert!(!svg.contains('\u{1}'), "{svg}");
        let harmless = "&lt;/text&gt;&lt;script&gt;&quot;&amp;\u{fffd}";
        assert_eq!(svg.matches(harmless).count(), times, "{svg}");
        let (opened, closed) = (
            svg.matches("<text ").count(),
            svg.matches("</text>").count(),
        );
        assert_eq!(opened, closed, "{svg}");
    }
}

#[test]
fn a_bar_is_as_long_as_its_value() {
    let svg = bars(&[1000., 500., 250., 0.], "bar");
    let lengths = numbers(&svg, "rect", "width");
    assert_eq!(lengths[0] / lengths[1], 2., "{lengths:?}");
    assert_eq!(lengths[0] / lengths[2], 4., "{lengths:?}");
    assert_eq!(lengths[3], 0., "{lengths:?}");
    assert!(svg.contains(">1,000 B</text>"), "{svg}");
}

#[test]
fn equal_ratios_are_equal_distances_on_a_curve() {
    let svg = curves(&[(64., 100.), (1024., 1000.), (16384., 10_000.)], "curve");
    for attribute in ["cx", "cy"] {
        let at = numbers(&svg, "circle", attribute);
        let (first, second) = (at[1] - at[0], at[2] - at[1]);
        assert!((first - second).abs() < 0.2, "{attribute}: {at:?}");
    }
    let heights = numbers(&svg, "circle", "cy");
    assert!(heights[0] > heights[2], "more is higher: {heights:?}");
}

#[test]
fn everything_is_within_its_picture() {
    let values: Vec<_> = [3.7, 999., 12_345.].into_iter().collect();
    let points: Vec<_> = [64., 1024., 16384.]
        .into_iter()
        .zip(values.clone())
        .collect();
    for svg in [bars(&values, "bar"), curves(&points, "curve")] {
        let (width, height) = (
            numbers(&svg, "svg", "width")[0],
            numbers(&svg, "svg", "height")[0],
        );
        for (element, attribute, most) in [
            ("text", "x", width),
            ("text", "y", height),
            ("circle", "cx", width),
            ("circle", "cy", height),
            ("rect", "x", width),
            ("rect", "y", height),
        ] {
            for at in numbers(&svg, element, attribute) {
                assert!((0. ..=most).contains(&at), "{element} {attribute} {at}");
            }
        }
        for (from, size, most) in [("x", "width", width), ("y", "height", height)] {
            let (from, sizes) = (numbers(&svg, "rect", from), numbers(&svg, "rect", size));
            assert_eq!(from.len(), sizes.len());
            for end in from.iter().zip(&sizes).map(|(from, size)| from + size) {
                assert!(end <= most, "a bar ends at {end}");
            }
        }
    }
}

#[test]
fn the_marks_beside_curves_are_around_all_values() {
    for (low, high) in [(3.7, 12_345.), (1., 1.5), (200., 1000.)] {
        let svg = curves(&[(64., low), (1024., high)], "curve");
        let marks = svg.lines().filter_map(|line| {
            let (_, behind) = line.strip_prefix("<text class=\"t l\"")?.split_once('>')?;
            let mark = behind.split('<').next()?.replace(',', "");
            mark.parse::<f64>().ok()
        });
        let marks: Vec<f64> = marks.collect();
        assert!(marks.is_sorted() && marks.len() > 1, "{marks:?}");
        let (first, last) = (marks[0], marks[marks.len() - 1]);
        assert!(first <= low && low < marks[1], "{low} {marks:?}");
        assert!(
            high <= last && marks[marks.len() - 2] < high,
            "{high} {marks:?}"
        );
    }
}

#[test]
fn a_scale_has_its_ends_where_they_should_be() {
    for scale in [
        Scale::linear(2., 50., 400., 10.),
        Scale::logarithmic(2., 50., 400., 10.),
    ] {
        assert_eq!((scale.at(2.), scale.at(50.)), (400., 10.), "{scale:?}");
    }
    assert_eq!(Scale::linear(0., 4., 0., 8.).at(1.), 2.);
    let middle = Scale::logarithmic(1., 10_000., 0., 8.).at(100.);
    assert!((middle - 4.).abs() < 1e-9, "{middle}");
}

#[test]
fn a_picture_is_for_light_and_dark_and_needs_no_other_file() {
    for svg in [bars(&[1.], "bar"), curves(&[(64., 1.)], "curve")] {
        assert!(svg.starts_with("<svg xmlns=\"http://www.w3.org/2000/svg\""));
        assert!(svg.contains("@media(prefers-color-scheme:dark)"));
        for foreign in ["href", "url(", "@import"] {
            assert!(!svg.contains(foreign), "{foreign}");
        }
    }
}
