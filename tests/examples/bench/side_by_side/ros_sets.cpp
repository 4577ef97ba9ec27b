// Four cameras that publish at common pulses, four subscribers, and ApproximateTime over them, in one process.
// usage: ros_sets WIDTH HEIGHT RATE_HZ SECONDS WORK_S; prints JSON.
#include <message_filters/subscriber.h>
#include <message_filters/sync_policies/approximate_time.h>
#include <message_filters/synchronizer.h>
#include <ros/ros.h>
#include <sensor_msgs/Image.h>
#include <sys/resource.h>

#include <chrono>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <string>
#include <thread>
#include <vector>

using sensor_msgs::Image;
using sensor_msgs::ImageConstPtr;
using Policy = message_filters::sync_policies::ApproximateTime<Image, Image, Image, Image>;

static const int CAMERAS = 4;
static const int QUEUE = 10;

static int64_t now_ns() {
    return std::chrono::duration_cast<std::chrono::nanoseconds>(std::chrono::steady_clock::now().time_since_epoch())
        .count();
}

int main(int argc, char **argv) {
    if (argc < 6) return 2;
    const int width = std::atoi(argv[1]), height = std::atoi(argv[2]);
    const double rate_hz = std::atof(argv[3]), seconds = std::atof(argv[4]), work_s = std::atof(argv[5]);
    ros::init(argc, argv, "ros_sets", ros::init_options::AnonymousName | ros::init_options::NoRosout);
    ros::NodeHandle node;

    std::vector<ros::Publisher> publishers;
    std::vector<std::unique_ptr<message_filters::Subscriber<Image>>> subscribers;
    for (int camera = 0; camera < CAMERAS; camera++) {
        const std::string topic = "camera" + std::to_string(camera);
        publishers.push_back(node.advertise<Image>(topic, QUEUE));
        subscribers.emplace_back(new message_filters::Subscriber<Image>(node, topic, QUEUE));
    }
    message_filters::Synchronizer<Policy> sync(Policy(QUEUE), *subscribers[0], *subscribers[1], *subscribers[2],
                                               *subscribers[3]);
    std::vector<double> latency_ms;
    uint64_t used = 0;
    const boost::function<void(const ImageConstPtr &, const ImageConstPtr &, const ImageConstPtr &,
                               const ImageConstPtr &)>
        use = [&](const ImageConstPtr &a, const ImageConstPtr &, const ImageConstPtr &, const ImageConstPtr &) {
            latency_ms.push_back((now_ns() - static_cast<int64_t>(a->header.stamp.toNSec())) / 1e6);
            used += CAMERAS;
            std::this_thread::sleep_for(std::chrono::duration<double>(work_s));
        };
    sync.registerCallback(boost::bind(use, boost::placeholders::_1, boost::placeholders::_2, boost::placeholders::_3,
                                      boost::placeholders::_4));
    ros::AsyncSpinner spinner(1);
    spinner.start();
    // Until publishers and subscribers know each other.
    for (const auto &publisher : publishers)
        while (publisher.getNumSubscribers() == 0) std::this_thread::sleep_for(std::chrono::milliseconds(10));

    rusage before;
    getrusage(RUSAGE_SELF, &before);
    const int64_t start_ns = now_ns() + 300000000;
    const uint64_t units = static_cast<uint64_t>(seconds * rate_hz);
    std::vector<std::thread> cameras;
    for (int camera = 0; camera < CAMERAS; camera++)
        cameras.emplace_back([&, camera] {
            for (uint64_t pulse = 0; pulse < units; pulse++) {
                const int64_t at_ns = start_ns + static_cast<int64_t>(pulse * 1e9 / rate_hz);
                std::this_thread::sleep_for(std::chrono::nanoseconds(at_ns - now_ns()));
                auto image = boost::make_shared<Image>();
                image->header.stamp.fromNSec(at_ns);
                image->width = width;
                image->height = height;
                image->step = width;
                image->encoding = "mono8";
                image->data.resize(static_cast<size_t>(width) * height);
                publishers[camera].publish(ImageConstPtr(image));
            }
        });
    for (auto &camera : cameras) camera.join();
    std::this_thread::sleep_for(std::chrono::milliseconds(500));
    spinner.stop();
    rusage after;
    getrusage(RUSAGE_SELF, &after);
    const auto cpu_s = [](const rusage &usage) {
        return usage.ru_utime.tv_sec + usage.ru_stime.tv_sec + (usage.ru_utime.tv_usec + usage.ru_stime.tv_usec) / 1e6;
    };
    std::printf("{\"made\": %llu, \"used\": %llu, \"cpu_s\": %f, \"latency_ms\": [",
                static_cast<unsigned long long>(units * CAMERAS), static_cast<unsigned long long>(used),
                cpu_s(after) - cpu_s(before));
    for (size_t i = 0; i < latency_ms.size(); i++) std::printf("%s%f", i ? ", " : "", latency_ms[i]);
    std::printf("]}\n");
    return 0;
}
