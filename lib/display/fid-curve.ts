import type { Data } from 'plotly.js';
import { revealForDisplay } from '../core/diagnostic.js';
import { OptionError } from '../core/errors.js';
import { PlotlyFigure } from './plotly.js';
import { diagnosticNote, runNames, runsOf, shared, type ChartRun, type Runs } from './run-names.js';
import { chartTitle, lineAxis, lineLayout, styleAt, methodStyles } from './style.js';

/**
 * A metric (mostly FID) while methods trained, one line a run. The chart names the feature extractor and the number
 * of samples, and what they were compared with: values of another extractor, number or reference cannot be compared, and runs
 * that differ in any are refused with `OptionError`. Runs without a curve (methods that do not train by steps) are named below.
 *
 * @example dp.fidCurve(run)
 * @example dp.fidCurve([merf, dpdm])
 */
export function fidCurve(runs: Runs): PlotlyFigure {
  const asked = 'dp.fidCurve';
  const all = runsOf(asked, runs);
  const drawn = all.filter((run) => run.curve.points.length > 0);
  if (drawn.length === 0)
    throw new OptionError({
      asked,
      wrong: 'no run has a curve',
      got: all.map((run) => run.method),
      expected: 'at least one run that measured while it trained',
    });
  const apart = 'Draw them in separate charts.';
  const metric = shared(asked, 'the metric', drawn, (run) => run.curve.metric, apart);
  const features = shared(asked, 'the feature extractor', drawn, (run) => run.curve.features, apart);
  const samples = shared(asked, 'the number of samples', drawn, (run) => run.curve.samples, apart);
  const against = shared(asked, 'what samples are compared with', drawn, (run) => run.curve.against, apart);
  const isPrivate = drawn.some((run) => run.curve.isPrivate);
  shared(asked, 'the dataset', drawn, (run) => run.dataset, apart);
  const name = metric === 'fid' ? 'FID' : metric;
  const missing = all.length - drawn.length;
  const left = missing === 0 ? '' : `; ${missing} of ${all.length} runs have no curve`;
  return new PlotlyFigure(lines(drawn), {
    ...lineLayout,
    ...chartTitle(`${name} while training on ${drawn[0]!.dataset}`, [
      `features: ${features}; ${samples.toLocaleString('en-US')} samples each time${left}`,
      `compared with ${against}`,
      ...(isPrivate ? [diagnosticNote] : []),
    ]),
    xaxis: lineAxis('training step'),
    yaxis: { ...lineAxis(`${name} (lower is better)`), rangemode: 'tozero' },
    showlegend: drawn.length > 1,
  });
}

function lines(runs: readonly ChartRun[]): Data[] {
  const names = runNames(runs);
  // Several runs of one method need a style each; else every method keeps its own.
  const methods = new Set(runs.map((run) => run.method));
  const styles = methods.size === runs.length ? methodStyles([...methods]) : undefined;
  return runs.map((run, index) => {
    const style = styles?.get(run.method) ?? styleAt(index);
    return {
      type: 'scatter',
      mode: 'lines+markers',
      name: names[index]!,
      x: run.curve.points.map((point) => point.step),
      y: run.curve.points.map((point) => revealForDisplay(point.value)),
      line: { color: style.color, dash: style.dash, width: 2 },
      marker: { color: style.color, symbol: style.marker, size: 6 },
    };
  });
}
