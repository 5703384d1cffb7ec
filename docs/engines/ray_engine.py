"""Ray as an engine of `sklearn_etm.distributed`: tasks alone, which are run again where a worker dies."""

import ray


@ray.remote
def call(function, *arguments):
    """A task; Ray puts results of others in the place of their references."""
    return function(*arguments)


class Ray:
    """Workers of Ray, after ``ray.init``."""

    def map_reduce(self, function, items, broadcast, combine):
        """As `sklearn_etm.distributed.MapReduce` says."""
        state = ray.put(broadcast)  # by this process, without which there is no fit anyway
        results = [call.remote(function, state, item) for item in items]
        while len(results) > 1:
            pairs = [results[i : i + 2] for i in range(0, len(results), 2)]
            results = [call.remote(combine, *pair) if len(pair) == 2 else pair[0] for pair in pairs]
        try:
            return ray.get(results[0])
        except BaseException:
            ray.cancel(results[0])
            raise
