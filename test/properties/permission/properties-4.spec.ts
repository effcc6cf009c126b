import { itHoldsForQuestions } from './property-suite.js';

itHoldsForQuestions({ part: 4, of: 4 });
