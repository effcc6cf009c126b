import { itHoldsForQuestions } from './property-suite.js';

itHoldsForQuestions({ part: 1, of: 4 });
