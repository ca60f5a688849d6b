import { BudgetError } from '../core/errors.js';
import type { PrivacyEvent } from '../core/events.js';
import { samePlan, type Ledger } from '../privacy/index.js';
import type { Journal, ReleasedValue } from './journal.js';
import { checkPlan, type PlannedRelease } from './planned-release.js';
import { Released } from './released.js';

export interface ChargingOptions {
  readonly plan: readonly PlannedRelease[];
  /** The harness's free noise multiplier: what releases with calibrated noise get. */
  readonly noiseMultiplier: number;
  /** Empty, or the ledger of a run that was stopped: the plan then goes on after what it holds. */
  readonly ledger: Ledger;
  /** Where a run writes down what it spends, so that it can be resumed. */
  readonly journal?: Journal;
}

/** What a call is about to release; it must be the next of the plan. */
export interface Request {
  readonly of: string;
  readonly mechanism: PlannedRelease['mechanism'];
  /** What the computation can change by between neighbours, under add-or-remove-one. */
  readonly sensitivity?: number;
  readonly arithmetic?: 'exact' | 'rounded';
  /** The part of the data whose rows the caller holds. */
  readonly part?: string | undefined;
}

/** A release that is paid for: the next of the plan, and its place in it. */
export interface Charged {
  readonly planned: PlannedRelease;
  readonly index: number;
}

/** Goes through a plan release by release: each is the next one and is in the ledger before any row is read. */
export class Charging {
  readonly #options: ChargingOptions;
  #next: number;
  #ended = false;
  /** Lines that an earlier process of the run wrote. */
  readonly #resumed: number;

  constructor(options: ChargingOptions) {
    checkPlan(options.plan);
    this.#options = options;
    this.#resumed = options.ledger.entries.length;
    // With a journal a resumed run asks for every release again and gets what was kept; without one it goes on behind them.
    this.#next = options.journal ? 0 : this.#resumed;
    samePlan(options.ledger, this.#events().slice(0, this.#resumed));
    this.#checkSameReleases();
  }

  get free(): number {
    return this.#options.noiseMultiplier;
  }

  /** The next release of the plan, which must be the requested one. */
  planned(request: Partial<Request>): PlannedRelease {
    const planned = this.#options.plan[this.#next];
    const { of, mechanism, sensitivity = 0 } = request;
    if (this.#ended) throw this.refusal(request, 'the run has ended');
    if (planned?.of !== of || (mechanism !== undefined && planned?.mechanism !== mechanism))
      throw this.refusal(request, 'the method did not declare it in `spends`');
    if (planned!.part !== request.part)
      throw this.refusal(
        request,
        `it was planned on ${planned!.part ?? 'all records'}, not on ${request.part ?? 'all'}`,
      );
    // The last digit may differ: 1 / N and 1 * (1 / N) are the same to a planner.
    const needed = sensitivity * (planned!.relation === 'replace-one' ? 2 : 1);
    if (needed > planned!.sensitivity * (1 + 1e-12))
      throw this.refusal({ ...request, sensitivity: needed }, 'it is more sensitive than `spends` declares');
    return planned!;
  }

  /** Writes a release to the ledger, before any row is read; one that an earlier process wrote is not written again. */
  charge(request: Request): Charged {
    const planned = this.planned(request);
    const index = this.#next;
    if (index >= this.#resumed) this.#record(planned, request.arithmetic ?? 'exact');
    this.#next++;
    return { planned, index };
  }

  /**
   * Charges a release and makes it; a resumed run gets what its earlier process released, without a look at the data.
   *
   * @throws BudgetError when the earlier process was stopped between paying for the release and keeping it.
   */
  async once<T extends ReleasedValue>(
    request: Request,
    make: (planned: PlannedRelease) => Promise<T>,
  ): Promise<Released<T>> {
    const { planned, index } = this.charge(request);
    if (index >= this.#resumed) {
      const value = await make(planned);
      this.#options.journal?.released(index, value);
      return this.#released(planned, value);
    }
    const stored = this.#options.journal?.stored(index);
    if (stored === undefined)
      throw new BudgetError({
        asked: `release of '${planned.of}'`,
        wrong: 'the run was stopped after it had paid for this release and before it was kept',
        next: 'Start a new run: what this one spent stays spent.',
      });
    return this.#released(planned, stored as T);
  }

  /** Ends the run: refuses a ledger that differs from the plan, and closes what was released to later runs. */
  finish(): void {
    samePlan(this.#options.ledger, this.#events());
    this.#ended = true;
  }

  /** Closes what was released to later runs, whatever the ledger holds. */
  end(): void {
    this.#ended = true;
  }

  refusal({ of, mechanism, sensitivity }: Partial<Request>, wrong: string): BudgetError {
    const planned = this.#options.plan[this.#next];
    const words = (kind?: string, amount?: number) =>
      [kind, amount !== undefined && `sensitivity ${amount}`].filter(Boolean).join(', ');
    return new BudgetError({
      asked: `release of '${of}'`,
      wrong,
      got: words(mechanism, sensitivity),
      expected: planned ? `'${planned.of}' (${words(planned.mechanism, planned.sensitivity)})` : 'no further release',
    });
  }

  #released<T>(planned: PlannedRelease, value: T): Released<T> {
    const { of, relation } = planned;
    return new Released(value, { of, relation, event: planned.event(this.free), runEnded: () => this.#ended });
  }

  #record(planned: PlannedRelease, arithmetic: 'exact' | 'rounded'): void {
    const { ledger, journal } = this.#options;
    const { part, division } = planned;
    const deviation =
      planned.sensitivity * (planned.epsilon ? 1 / planned.epsilon : planned.noiseMultiplier(this.free));
    ledger.record({
      of: planned.of,
      mechanism: planned.mechanism,
      noise: planned.noise,
      event: planned.event(this.free),
      relation: planned.relation,
      sensitivity: planned.sensitivity,
      ...(planned.mechanism !== 'reuse' && { noiseScale: deviation, arithmetic }),
      ...(part !== undefined && { part }),
      ...(division !== undefined && { division }),
    });
    journal?.charged(ledger);
  }

  /** Releases of another name, kind or sensitivity may cost the same: what was kept of one must not pass for the other. */
  #checkSameReleases(): void {
    const { ledger, plan } = this.#options;
    const words = (release?: { of: string; mechanism: string; sensitivity?: number }) =>
      release && `'${release.of}' (${release.mechanism}, sensitivity ${release.sensitivity})`;
    ledger.entries.forEach((entry, i) => {
      if (words(entry) === words(plan[i])) return;
      throw new BudgetError({
        asked: `line ${i + 1} of the ledger to go on from`,
        wrong: 'it is of another release than the plan',
        got: words(entry),
        expected: words(plan[i]),
        next: 'Resume with the method and the parameters that the run began with, or start a new one.',
      });
    });
  }

  #events(): PrivacyEvent[] {
    return this.#options.plan.map((release) => release.event(this.free));
  }
}
