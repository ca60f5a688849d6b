import { protocolVersion } from '../contract.js';
import type { Handler } from './kernel.js';

const implementationVersion = '0.1.0';
/** The version of tslab's fork: what a cell may use of the language. */
const typescriptVersion = '5.0.4';

export const kernelInfo: Handler = () => ({
  status: 'ok',
  protocol_version: protocolVersion,
  implementation: 'dpbench',
  implementation_version: implementationVersion,
  language_info: {
    name: 'typescript',
    version: typescriptVersion,
    mimetype: 'text/typescript',
    file_extension: '.ts',
    pygments_lexer: 'typescript',
    codemirror_mode: 'typescript',
    nbconvert_exporter: 'script',
  },
  banner: `dpbench ${implementationVersion}: TypeScript with differentially private image synthesis (dp, tf, Plotly, aq)`,
  help_links: [
    { text: 'TypeScript', url: 'https://www.typescriptlang.org/docs/' },
    { text: 'TensorFlow.js', url: 'https://js.tensorflow.org/api/latest/' },
    { text: 'Arquero', url: 'https://idl.uw.edu/arquero/api/' },
  ],
  debugger: false,
  supported_features: [],
});
