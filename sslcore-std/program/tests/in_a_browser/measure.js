// Runs in a page that shows each drawing in a frame of its own, when all of it has been loaded, and
// writes what it measures into the page, for whoever prints that.
'use strict';

// What a colour is in the browser's own notation, `rgb(1, 2, 3)`.
function luminance(colour) {
  const channels = colour.match(/[\d.]+/g).slice(0, 3).map((value) => {
    const part = value / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * channels[0] + 0.7152 * channels[1] + 0.0722 * channels[2];
}

// WCAG 2.2, contrast ratio.
function contrast(one, other) {
  const [dark, light] = [luminance(one), luminance(other)].sort((a, b) => a - b);
  return (light + 0.05) / (dark + 0.05);
}

function box(element) {
  const { left, top, right, bottom } = element.getBoundingClientRect();
  return { left, top, right, bottom };
}

function measured(name, frame) {
  const { contentDocument: page, contentWindow: view } = frame;
  const svg = page.querySelector('svg');
  const style = (element) => view.getComputedStyle(element);
  const paper = style(svg).backgroundColor;
  const texts = [...page.querySelectorAll('text')].map((text) => ({
    said: text.textContent,
    ...box(text),
    size: parseFloat(style(text).fontSize),
    contrast: contrast(style(text).fill, paper),
  }));
  const shapes = (which, colour) => [...page.querySelectorAll(which)].map((shape) => ({
    ...box(shape),
    contrast: contrast(style(shape)[colour], paper),
  }));
  return {
    name,
    paper,
    around: style(page.body).backgroundColor,
    picture: box(svg),
    wide: page.documentElement.scrollWidth,
    frame: view.innerWidth,
    texts,
    lives: shapes('.life', 'stroke'),
    arrows: shapes('.a', 'fill'),
    held: shapes('.held', 'fill'),
    fetched: view.performance.getEntriesByType('resource').map((entry) => entry.name),
  };
}

function measureAll() {
  return [...document.querySelectorAll('iframe')].map((frame) => measured(frame.name, frame));
}

// How often which colour is in the picture that the page shows.
function colours() {
  const image = document.querySelector('img');
  const canvas = document.createElement('canvas');
  [canvas.width, canvas.height] = [image.naturalWidth, image.naturalHeight];
  const context = canvas.getContext('2d');
  context.drawImage(image, 0, 0);
  const { data } = context.getImageData(0, 0, canvas.width, canvas.height);
  const counts = {};
  for (let at = 0; at < data.length; at += 4) {
    const colour = `rgb(${data[at]}, ${data[at + 1]}, ${data[at + 2]})`;
    counts[colour] = (counts[colour] || 0) + 1;
  }
  return { width: canvas.width, height: canvas.height, counts };
}

function show(result) {
  const shown = document.createElement('pre');
  shown.id = 'measured';
  shown.textContent = JSON.stringify(result);
  document.body.replaceChildren(shown);
}
