import { describe } from '@jest/globals';
import { attackGrpc } from './against-grpc.js';
import { attackPaths } from './against-paths.js';
import { attackRest } from './against-rest.js';
import { AttackedService } from './attacked-service.js';

// One service for all: what one attack leaves behind is there when the next one begins.
describe('A service under attack', () => {
  const attacked = new AttackedService();
  attackPaths(attacked);
  attackRest(attacked);
  attackGrpc(attacked);
});
