// Draws the charts while they are in view, in the colours of the style sheet. Everything else of the
// page is there without this script. Names come as text and stay text: no HTML is made of them.
(() => {
  "use strict";

  const data = JSON.parse(document.getElementById("chart-data").textContent);
  const drawn = new Map();
  const HEIGHT = 240;
  const WIDE_LINE = 2.5;
  const LINE = 1.6;
  const GAP = 14;

  // Percentiles stand at log10(1 / (1 - p)).
  const PERCENTILES = [[0, ""], [Math.log10(2), "50"], [1, "90"], [2, "99"], [3, "99.9"], [4, "99.99"], [5, "99.999"]];

  function scaled(value, step, units) {
    let unit = 0;
    while (Math.abs(value) >= step && unit < units.length - 1) {
      value /= step;
      unit++;
    }
    return Number(value.toPrecision(3)) + "\u00a0" + units[unit];
  }

  const nanos = (value) => scaled(value, 1000, ["ns", "µs", "ms", "s"]);
  const rate = (value) => scaled(value, 1000, ["/s", "K/s", "M/s", "G/s"]);
  const seconds = (value) => Number(value.toPrecision(4)) + "\u00a0s";

  function percentile(x) {
    const share = 100 * (1 - Math.pow(10, -x));
    const digits = share.toFixed(Math.floor(x));
    return "percentile " + (digits.includes(".") ? digits.replace(/\.?0+$/, "") : digits);
  }

  // Where a logarithmic axis has its lines: at 1, 2 and 5 while they are few, else at powers of ten.
  function steps(least, most) {
    const digits = most / least > 300 ? [1] : [1, 2, 5];
    const found = [];
    for (let power = Math.pow(10, Math.floor(Math.log10(least))); power <= most; power *= 10) {
      found.push(...digits.map((digit) => digit * power));
    }
    return found.filter((step) => step >= least && step <= most);
  }

  function colour(name) {
    return getComputedStyle(document.documentElement).getPropertyValue(name).trim();
  }

  function translucent(hex, share) {
    return hex + Math.round(share * 255).toString(16).padStart(2, "0");
  }

  function line(subject) {
    const { name, slot } = data.subjects[subject];
    return {
      label: name,
      slot,
      stroke: colour("--s" + slot),
      width: subject === 0 ? WIDE_LINE : LINE,
      points: { show: false },
      spanGaps: true,
    };
  }

  function axis(more) {
    const font = "12px " + getComputedStyle(document.body).fontFamily;
    return {
      font,
      stroke: colour("--soft"),
      grid: { stroke: colour("--line"), width: 1 },
      ticks: { show: false },
      ...more,
    };
  }

  // What the pointer is over, largest value first, as the lines lie above each other.
  function tip(title, format) {
    let box;
    function show(chart) {
      const { left, idx } = chart.cursor;
      const rows = [];
      if (idx != null && left >= 0) {
        chart.series.forEach((series, i) => {
          const value = i > 0 && series.slot !== undefined ? chart.data[i][idx] : null;
          if (value != null) {
            rows.push([value, series]);
          }
        });
      }
      box.hidden = rows.length === 0;
      if (box.hidden) {
        return;
      }
      const head = document.createElement("b");
      head.textContent = title(chart.data[0][idx]);
      box.replaceChildren(head);
      rows.sort((a, b) => b[0] - a[0]);
      for (const [value, series] of rows) {
        const row = document.createElement("div");
        const name = document.createElement("span");
        const key = document.createElement("span");
        key.className = "key s" + series.slot;
        name.append(key, series.label);
        row.append(name, format(value));
        box.append(row);
      }
      // On the side with more room, and not out of the chart, its axis included.
      const beside = left > chart.over.clientWidth / 2 ? left - box.offsetWidth - GAP : left + GAP;
      const first = -chart.over.offsetLeft;
      const last = first + chart.width - box.offsetWidth;
      box.style.transform = "translate(" + Math.max(first, Math.min(beside, last)) + "px, 4px)";
    }
    return {
      hooks: {
        init: (chart) => {
          box = document.createElement("div");
          box.className = "tip";
          box.hidden = true;
          chart.over.append(box);
        },
        setCursor: show,
      },
    };
  }

  function options(width, more) {
    return {
      width,
      height: HEIGHT,
      legend: { show: false },
      padding: [10, 20, 0, 0],
      ...more,
      cursor: { drag: { x: false, y: false }, y: false, points: { size: 7 } },
    };
  }

  function latency(workload, width) {
    const length = Math.max(...workload.latency.map((curve) => curve.nanos.length));
    const xs = Array.from({ length }, (_, i) => i * data.step);
    const last = xs[length - 1];
    const ys = workload.latency.map((curve) => xs.map((_, i) => curve.nanos[i] ?? null));
    const marks = PERCENTILES.filter(([x]) => x <= last + data.step / 2);
    const all = ys.flat().filter((y) => y !== null && y > 0);
    const least = all.reduce((a, b) => Math.min(a, b));
    const most = all.reduce((a, b) => Math.max(a, b));
    const range = [least / 1.3, Math.max(most, least * 4) * 1.3];
    return [
      options(width, {
        scales: {
          x: { time: false, range: [0, last] },
          y: { distr: 3, range },
        },
        axes: [
          axis({ size: 30, splits: () => marks.map(([x]) => x), values: () => marks.map(([, text]) => text) }),
          axis({ size: 62, splits: () => steps(range[0], range[1]), values: (_, splits) => splits.map((y) => (y === null ? "" : nanos(y))) }),
        ],
        series: [{}, ...workload.latency.map((curve) => line(curve.subject))],
        plugins: [tip(percentile, nanos)],
      }),
      [xs, ...ys],
    ];
  }

  // Each subject has three columns: the median, which is drawn, and the two ends of its shade.
  function series(workload, width) {
    const tables = workload.series.map((band) => [
      band.median.map((_, i) => (i + 1) * band.seconds),
      band.median,
      band.most,
      band.least,
    ]);
    const joined = uPlot.join(tables);
    const columns = [{}];
    const bands = [];
    workload.series.forEach((band, i) => {
      const median = line(band.subject);
      const edge = { points: { show: false }, stroke: "transparent", width: 0, spanGaps: true };
      columns.push(median, { ...edge }, { ...edge });
      bands.push({ series: [3 * i + 2, 3 * i + 3], fill: translucent(median.stroke, 0.16) });
    });
    const top = workload.series.flatMap((band) => band.most).reduce((a, b) => Math.max(a, b), 1);
    return [
      options(width, {
        scales: { x: { time: false, range: [0, joined[0].at(-1)] }, y: { range: [0, top * 1.08] } },
        axes: [
          axis({ size: 30, values: (_, splits) => splits.map(seconds) }),
          axis({ size: 62, values: (_, splits) => splits.map((y) => (y === 0 ? "0" : rate(y))) }),
        ],
        series: columns,
        bands,
        plugins: [tip(seconds, rate)],
      }),
      joined,
    ];
  }

  function draw(box) {
    if (drawn.has(box)) {
      return;
    }
    const kind = box.dataset.chart;
    const workload = data.workloads[Number(box.dataset.workload)];
    const [settings, columns] = (kind === "latency" ? latency : series)(workload, box.clientWidth);
    const chart = new uPlot(settings, columns, box);
    const canvas = box.querySelector("canvas");
    canvas.setAttribute("role", "img");
    canvas.setAttribute("aria-label", box.parentElement.querySelector("figcaption").textContent + ", " + workload.name);
    drawn.set(box, chart);
  }

  function erase(box) {
    drawn.get(box)?.destroy();
    drawn.delete(box);
  }

  // Links to the sections, and to the workloads when there are many.
  function navigation() {
    const sections = Array.from(document.querySelectorAll("main > section[id]"));
    const articles = Array.from(document.querySelectorAll(".workload"));
    if (sections.length < 2) {
      return;
    }
    const row = document.createElement("div");
    for (const section of sections.filter((one) => one.querySelector("h2"))) {
      const link = document.createElement("a");
      link.href = "#" + section.id;
      link.textContent = section.querySelector("h2").textContent;
      row.append(link);
    }
    if (articles.length > 5) {
      const picker = document.createElement("select");
      picker.setAttribute("aria-label", "go to a workload");
      picker.append(new Option("go to a workload", ""));
      articles.forEach((article) => picker.append(new Option(article.querySelector("h3").textContent, article.id)));
      picker.addEventListener("change", () => {
        location.hash = picker.value;
        picker.value = "";
      });
      row.append(picker);
    }
    const nav = document.createElement("nav");
    nav.setAttribute("aria-label", "sections");
    nav.append(row);
    document.querySelector("main").before(nav);
  }

  navigation();
  const boxes = Array.from(document.querySelectorAll(".chart"));
  const near = new IntersectionObserver(
    (entries) => entries.forEach((entry) => (entry.isIntersecting ? draw : erase)(entry.target)),
    { rootMargin: "600px" },
  );
  const sized = new ResizeObserver((entries) => {
    for (const { target } of entries) {
      const chart = drawn.get(target);
      if (chart && chart.width !== target.clientWidth) {
        chart.setSize({ width: target.clientWidth, height: HEIGHT });
      }
    }
  });
  for (const box of boxes) {
    near.observe(box);
    sized.observe(box);
  }

  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", () => {
    for (const box of Array.from(drawn.keys())) {
      erase(box);
      draw(box);
    }
  });
  addEventListener("beforeprint", () => boxes.forEach(draw));
})();
