// The charts of the page, drawn by uPlot over the SVG that is printed.
(function () {
  "use strict";
  const ROW = 30;
  const figures = [...document.querySelectorAll("figure[data-chart]")];
  const drawn = [];

  function color(name) {
    return getComputedStyle(document.documentElement).getPropertyValue("--" + name).trim();
  }

  function short(text, most) {
    return text.length > most ? text.slice(0, most - 1) + "\u2026" : text;
  }

  function tooltip(figure, chart) {
    const tip = document.createElement("div");
    tip.className = "tip";
    tip.hidden = true;
    figure.append(tip);
    return (plot) => {
      const at = plot.cursor.idx;
      tip.hidden = at === null || at === undefined || plot.cursor.left < 0;
      if (tip.hidden) return;
      const after = chart.after && chart.after[at] !== null ? chart.after[at] + " with the suggested fixes" : null;
      tip.textContent = chart.names[at] + ": " + [chart.now[at], after].filter((part) => part !== null).join(", ");
      const box = figure.getBoundingClientRect();
      const over = plot.over.getBoundingClientRect();
      tip.style.left = Math.min(over.left - box.left + plot.cursor.left + 14, box.width - 220) + "px";
      tip.style.top = over.top - box.top + plot.cursor.top + 14 + "px";
    };
  }

  function values(chart) {
    // values at the ends of their bars, and the line of the limit
    return (plot) => {
      const context = plot.ctx;
      const dpr = devicePixelRatio || 1;
      context.save();
      context.font = 12 * dpr + "px system-ui, sans-serif";
      context.textBaseline = "middle";
      context.textAlign = "left";
      context.fillStyle = color("ink");
      const series = chart.after ? [[chart.now, -6.5], [chart.after, 6.5]] : [[chart.now, 0]];
      for (const [numbers, shift] of series) {
        numbers.forEach((value, at) => {
          if (value === null) return;
          context.fillText(String(value), plot.valToPos(value, "y", true) + 6 * dpr, plot.valToPos(at, "x", true) + shift * dpr);
        });
      }
      if (chart.limit) {
        const x = plot.valToPos(chart.limit, "y", true);
        context.strokeStyle = color("limit");
        context.lineWidth = 1.5 * dpr;
        context.setLineDash([4 * dpr, 3 * dpr]);
        context.beginPath();
        context.moveTo(x, plot.bbox.top);
        context.lineTo(x, plot.bbox.top + plot.bbox.height);
        context.stroke();
      }
      context.restore();
    };
  }

  function options(figure, chart, width) {
    const top = Math.max(chart.doubling ? 32 : 1, chart.limit, ...chart.now, ...(chart.after || []).filter((value) => value !== null));
    const count = chart.names.length;
    const most = Math.max(8, Math.min(26, Math.floor(width * 0.045)));
    const label = Math.max(60, ...chart.names.map((name) => short(name, most).length * 6.9 + 14));
    const bars = (align) => uPlot.paths.bars({ size: [chart.after ? 0.4 : 0.46, 13], align, radius: 0 });
    const series = [{}, { fill: color("now"), width: 0, paths: bars(chart.after ? -1 : 0), points: { show: false } }];
    if (chart.after) series.push({ fill: color("after"), width: 0, paths: bars(1), points: { show: false } });
    const low = chart.doubling ? 0.5 : 0;
    for (const one of series.slice(1)) one.fillTo = () => low;
    return {
      width, height: count * ROW + 34, padding: [4, 44, 0, 0], legend: { show: false }, series,
      cursor: { x: false, y: false, points: { show: false }, drag: { x: false, y: false } },
      scales: {
        x: { time: false, ori: 1, dir: -1, range: [-0.5, count - 0.5] },
        y: { ori: 0, dir: 1, distr: chart.doubling ? 3 : 1, log: 2, range: [low, top] },
      },
      axes: [
        { side: 3, size: label, gap: 8, stroke: color("ink"), font: "12.5px system-ui, sans-serif", grid: { show: false }, ticks: { show: false },
          splits: () => chart.names.map((_, at) => at), values: (_, at) => at.map((n) => short(chart.names[n], most)) },
        { side: 2, size: 28, stroke: color("soft"), font: "12px system-ui, sans-serif", grid: { stroke: color("grid"), width: 1 }, ticks: { show: false },
          space: 48, values: (_, at) => at.map((value) => (value === null || value < 1 && chart.doubling ? "" : String(value))) },
      ],
      hooks: { setCursor: [tooltip(figure, chart)], draw: [values(chart)] },
    };
  }

  function draw(figure) {
    const chart = JSON.parse(figure.dataset.chart);
    const svg = figure.querySelector("svg");
    const host = document.createElement("div");
    host.className = "plot";
    host.setAttribute("aria-hidden", "true");
    figure.append(host);
    const style = getComputedStyle(figure);
    const width = figure.clientWidth - parseFloat(style.paddingLeft) - parseFloat(style.paddingRight);
    const at = chart.names.map((_, n) => n);
    const plot = new uPlot(options(figure, chart, width), chart.after ? [at, chart.now, chart.after] : [at, chart.now], host);
    svg.classList.add("sr");
    drawn.push(() => {
      plot.destroy();
      host.remove();
      for (const tip of figure.querySelectorAll(".tip")) tip.remove();
      svg.classList.remove("sr");
    });
  }

  function again() {
    for (const undo of drawn.splice(0)) undo();
    figures.forEach(draw);
  }

  let wait = 0;
  let wide = innerWidth;
  addEventListener("resize", () => {
    if (innerWidth === wide) return;
    wide = innerWidth;
    clearTimeout(wait);
    wait = setTimeout(again, 120);
  });
  matchMedia("(prefers-color-scheme: dark)").addEventListener("change", again);
  again();
})();
