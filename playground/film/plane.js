// The plane as the network sees it, painted on a canvas: regions of the classes, the points, rings around wrong ones.

const LEVELS = 50; // as in charts/plane.py
const UNKNOWN = 255;
const STRONGEST = 0.5; // share of the class's colour where it leads by 1

const DIVERGED = "diverged", UNDECIDED = "undecided";

// The word for a plane that has no colours: its numbers are none, or all classes are equally probable everywhere.
function wordFor(regions) {
  if (regions.some((code) => code === UNKNOWN)) return DIVERGED;
  return regions.every((code) => code % (LEVELS + 1) === 0) ? UNDECIDED : "";
}

class Plane {
  constructor(canvas) {
    this.canvas = canvas;
    this.small = document.createElement("canvas");
  }

  // scene: low, high, x1, x2, labels, n_train, colours, wrong, ink, paper.
  paint(scene, regions, guesses) {
    const { canvas } = this;
    const scale = Math.min(2, window.devicePixelRatio || 1);
    const side = Math.round(canvas.clientWidth * scale);
    if (!side) return;
    if (canvas.width !== side || canvas.height !== side) canvas.width = canvas.height = side;
    const context = canvas.getContext("2d");
    const left = 34 * scale, below = 34 * scale, size = side - left - 6 * scale, top = 6 * scale;
    const frame = { left, top: top, size: Math.min(size, side - below - top) };
    context.clearRect(0, 0, side, side);
    this.background(scene, regions);
    context.imageSmoothingEnabled = true;
    context.imageSmoothingQuality = "high";
    const n = this.small.width;
    const cell = frame.size / (n - 1); // the grid's outermost points lie on the frame
    context.save();
    context.beginPath();
    context.rect(frame.left, frame.top, frame.size, frame.size);
    context.clip();
    context.drawImage(this.small, frame.left - cell / 2, frame.top - cell / 2, n * cell, n * cell);
    const word = wordFor(regions);
    this.points(context, scene, word === DIVERGED ? scene.labels : guesses, frame, scale);
    if (word) this.word(context, word, scene, frame, scale);
    context.restore();
    this.axes(context, scene, frame, scale);
  }

  background(scene, regions) {
    const n = Math.round(Math.sqrt(regions.length));
    if (this.small.width !== n) this.small.width = this.small.height = n;
    const context = this.small.getContext("2d");
    const image = context.createImageData(n, n);
    const table = colourTable(scene);
    const pixels = new Uint32Array(image.data.buffer);
    for (let row = 0; row < n; row++) {
      const from = (n - 1 - row) * n; // the first row of numbers is the lowest, that of pixels the highest
      for (let column = 0; column < n; column++) pixels[row * n + column] = table[regions[from + column]];
    }
    context.putImageData(image, 0, 0);
  }

  points(context, scene, guesses, frame, scale) {
    const { low, high, x1, x2, labels, n_train } = scene;
    const radius = (x1.length < 50 ? 6.5 : 3.6) * scale;
    const x = (i) => frame.left + ((x1[i] - low) / (high - low)) * frame.size;
    const y = (i) => frame.top + frame.size - ((x2[i] - low) / (high - low)) * frame.size;
    context.lineWidth = 0.8 * scale;
    context.strokeStyle = "white";
    for (let i = 0; i < x1.length; i++) {
      context.fillStyle = scene.colours[labels[i]];
      context.beginPath();
      if (i < n_train) context.arc(x(i), y(i), radius, 0, 7);
      else context.rect(x(i) - radius * 0.9, y(i) - radius * 0.9, 1.8 * radius, 1.8 * radius);
      context.fill();
      context.stroke();
    }
    context.lineWidth = 1.8 * scale;
    context.strokeStyle = scene.wrong;
    for (let i = 0; i < x1.length; i++) {
      if (guesses[i] === labels[i]) continue;
      context.beginPath();
      context.arc(x(i), y(i), 1.75 * radius, 0, 7);
      context.stroke();
    }
  }

  // What is said of a plane without colours.
  word(context, word, scene, frame, scale) {
    context.font = `bold ${26 * scale}px ${scene.font}`;
    context.textAlign = "center";
    context.textBaseline = "middle";
    context.lineWidth = 5 * scale;
    context.strokeStyle = scene.paper;
    context.fillStyle = word === DIVERGED ? scene.wrong : scene.ink;
    context.strokeText(word, frame.left + frame.size / 2, frame.top + frame.size / 2);
    context.fillText(word, frame.left + frame.size / 2, frame.top + frame.size / 2);
  }

  axes(context, scene, frame, scale) {
    const { low, high, ink } = scene;
    context.strokeStyle = ink;
    context.fillStyle = ink;
    context.globalAlpha = 0.75;
    context.lineWidth = scale;
    context.strokeRect(frame.left, frame.top, frame.size, frame.size);
    context.font = `${11 * scale}px ${scene.font}`;
    const step = tickStep(high - low);
    for (let k = Math.ceil(low / step); k * step <= high; k++) {
      const share = (k * step - low) / (high - low);
      const text = String(+(k * step).toFixed(3));
      context.textAlign = "center";
      context.textBaseline = "top";
      context.fillText(text, frame.left + share * frame.size, frame.top + frame.size + 4 * scale);
      context.textAlign = "right";
      context.textBaseline = "middle";
      context.fillText(text, frame.left - 5 * scale, frame.top + (1 - share) * frame.size);
    }
    context.textAlign = "center";
    context.textBaseline = "alphabetic";
    context.fillText("x₁", frame.left + frame.size / 2, frame.top + frame.size + 28 * scale);
    context.fillText("x₂", 9 * scale, frame.top + frame.size / 2);
    context.globalAlpha = 1;
  }
}

// 1, 2 or 5 times a power of ten, so that about five ticks fit in a span.
function tickStep(span) {
  const power = 10 ** Math.floor(Math.log10(span / 5));
  return power * [1, 2, 5, 10].find((factor) => span / (factor * power) <= 7);
}

function rgb(colour) {
  return [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
}

// The colour of each byte of `regions` as 32 bits, little-endian; remembered with the scene.
function colourTable(scene) {
  if (scene.table) return scene.table;
  const paper = rgb(scene.paper);
  const bytes = new Uint8ClampedArray(4 * 256);
  for (let code = 0; code < 256; code++) {
    const known = code !== UNKNOWN;
    const colour = known ? rgb(scene.colours[Math.floor(code / (LEVELS + 1))] || scene.paper) : paper;
    const share = known ? STRONGEST * ((code % (LEVELS + 1)) / LEVELS) ** 0.7 : 0;
    for (let j = 0; j < 3; j++) bytes[4 * code + j] = paper[j] + share * (colour[j] - paper[j]);
    bytes[4 * code + 3] = 255;
  }
  return (scene.table = new Uint32Array(bytes.buffer));
}

// What the colours and shapes mean: entries { label, style }, with the style in CSS variables.
function showLegend(place, entries) {
  place.replaceChildren(...entries.map(({ label, style }) => {
    const entry = document.createElement("span");
    entry.textContent = label;
    for (const [name, value] of Object.entries(style)) entry.style.setProperty(name, value);
    return entry;
  }));
}
