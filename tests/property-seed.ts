import fc from 'fast-check';

// A red run must be red again when it is looked at: properties draw the same cases each time. DPBENCH_PROPERTY_SEED tries others.
fc.configureGlobal({ seed: Number(process.env['DPBENCH_PROPERTY_SEED'] ?? 20261123) });
