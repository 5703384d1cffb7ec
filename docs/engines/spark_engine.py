"""Spark as an engine of `sklearn_etm.distributed`: a task for each item, and the tree in shuffles."""

from functools import reduce

GROUP = 8  # results that are combined at a time: a power of two, so that the tree is that of pairs


class Spark:
    """Executors of a SparkContext."""

    def __init__(self, context):
        self.context = context

    def map_reduce(self, function, items, broadcast, combine):
        """As `sklearn_etm.distributed.MapReduce` says."""
        state = self.context.broadcast(broadcast)

        def computed(part):
            return [(i, function(state.value, item)) for i, item in part]

        def combined(numbered):
            return in_pairs([result for _, result in sorted(numbered, key=lambda pair: pair[0])], combine)

        try:
            n = len(items)
            results = self.context.parallelize(list(enumerate(items)), n).mapPartitions(computed)
            while n > 1:
                n = -(-n // GROUP)
                results = results.keyBy(lambda pair: pair[0] // GROUP).groupByKey(n).mapValues(combined)
            return results.values().collect()[0]
        finally:
            state.destroy()


def in_pairs(results, combine):
    """Combine neighbours by pairs, then these by pairs; an odd one goes up as it is."""
    while len(results) > 1:
        results = [reduce(combine, results[i : i + 2]) for i in range(0, len(results), 2)]
    return results[0]
