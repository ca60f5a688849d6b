import type { AnyMethod } from './contract.js';
import { dpFeta } from './dp-feta.js';
import { dpFetaPro } from './dp-feta-pro.js';
import { dpKernel } from './dp-kernel.js';
import { dpLdm } from './dp-ldm.js';
import { dpLdmSd } from './dp-ldm-sd.js';
import { dpLora } from './dp-lora.js';
import { dpMerf } from './dp-merf.js';
import { dpNtk } from './dp-ntk.js';
import { dpdm } from './dpdm.js';
import { dpgan } from './dpgan.js';
import { gsWgan } from './gs-wgan.js';
import { pdpDiffusion } from './pdp-diffusion.js';
import { pe } from './pe.js';
import { peSd } from './pe-sd.js';
import { privImage } from './privimage.js';

/** Every method that comes with dpbench, oldest paper first: one line a file. */
export const methodDefinitions = [
  dpgan,
  gsWgan,
  dpMerf,
  dpdm,
  pdpDiffusion,
  dpKernel,
  dpNtk,
  dpLdm,
  dpLdmSd,
  privImage,
  pe,
  peSd,
  dpFeta,
  dpLora,
  dpFetaPro,
] as const satisfies readonly AnyMethod[];

/** Name of a method: one of these, or of one that was defined. */
export type MethodName = (typeof methodDefinitions)[number]['id'] | (string & {});
