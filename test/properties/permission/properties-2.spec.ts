import { itHoldsForQuestions } from './property-suite.js';

itHoldsForQuestions({ part: 2, of: 4 });
