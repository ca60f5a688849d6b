/** A learning rate that falls by a factor every so many epochs. */
export interface StepSchedule {
  readonly rate: number;
  /** What it is multiplied by. */
  readonly factor: number;
  /** Epochs between two falls. */
  readonly every: number;
}

/** The learning rate in an epoch, counted from 0: `rate * factor ^ floor(epoch / every)`. */
export function learningRateAt({ rate, factor, every }: StepSchedule, epoch: number): number {
  return rate * factor ** Math.floor(epoch / every);
}
