import { itHoldsForQuestions } from './property-suite.js';

itHoldsForQuestions({ part: 3, of: 4 });
